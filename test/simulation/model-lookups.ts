// Reads of the model, in the orders the real queries give.
import type { ClaimKind } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import type { ModelTables } from './model-tables.ts'

export function modelLookups(tables: ModelTables): Lookups {
  return {
    hostActor: (hostId) => tables.host_actors.get(hostId),
    host: (hostId) => tables.hosts.get(hostId),
    openCommands: (hostId) =>
      by(
        tables.commands.where((row) => row.host_id === hostId && row.open === 1),
        ({ seq, command_uuid }) => [seq, command_uuid],
      ),
    busyHosts: (after, limit) =>
      [
        ...new Set(
          tables.commands
            .where((row) => row.open === 1 && row.host_id > after)
            .map(({ host_id }) => host_id),
        ),
      ]
        .toSorted()
        .slice(0, limit),
    command: (commandUUID) => tables.commands.get(commandUUID),
    commandsBetween: (first, last) =>
      by(
        tables.commands.where(({ command_uuid }) => command_uuid >= first && command_uuid <= last),
        ({ command_uuid }) => [command_uuid],
      ),
    commandName: (commandUUID) => tables.command_names.get(commandUUID),
    commandsNamed: (name, limit) =>
      by(
        tables.command_names.where((row) => row.name === name),
        ({ command_uuid }) => [command_uuid],
      ).slice(0, limit),
    lastCommandSeq: () => Math.max(0, ...tables.commands.all().map(({ seq }) => seq)),
    claimsOn: (kind, value) =>
      by(
        tables.claims.where((row) => row.kind === kind && row.value === value),
        ({ host_id }) => [host_id],
      ),
    claimsOf: (hostId) =>
      by(
        tables.claims.where((row) => row.host_id === hostId),
        ({ kind, value }) => [kind, value],
      ),
    enrollment: (key) => tables.enrollments.get(key),
    enrollmentsOf: (hostId) =>
      by(
        tables.enrollments.where((row) => row.host_id === hostId),
        ({ created_at, key }) => [created_at, key],
      ),
    agent: (nodeKeyHash) => tables.agents.get(nodeKeyHash),
    agentsOf: (hostId) =>
      by(
        tables.agents.where((row) => row.host_id === hostId),
        ({ enrolled_at, node_key_hash }) => [enrolled_at, node_key_hash],
      ),
    depDevice: (serial) => tables.dep_devices.get(serial),
    depDevicesOf: (hostId) =>
      by(
        tables.dep_devices.where((row) => row.host_id === hostId),
        ({ serial }) => [serial],
      ),
    sealed: (ref) => tables.sealed.get(ref),
    // A listed host has a row from the start, which says nothing until it was heard of.
    lastSeen: (hostId) =>
      tables.last_seen.where((row) => row.host_id === hostId && row.at !== null)[0],
    alarmsOf: (hostId) =>
      by(
        tables.alarms.where((row) => row.host_id === hostId),
        ({ due_at, name }) => [due_at, name],
      ),
    conflict: (id) => tables.conflicts.get(id),
    conflictsOf: (hostId) =>
      by(
        tables.conflicts.where((row) => row.host_id === hostId),
        ({ opened_at, id }) => [opened_at, id],
      ),
    mergesOf: (survivorId) =>
      by(
        tables.merges.where((row) => row.survivor_id === survivorId),
        ({ at, id }) => [at, id],
      ),
    ...dueLookups(tables),
    ...certificateLookups(tables),
    ...webhookLookups(tables),
    clock: () => tables.clock.get('1'),
    incarnation: () => tables.incarnation.get('1'),
    backups: () => tables.backups.all(),
    tokens: () => by(tables.tokens.all(), ({ created_at, id }) => [created_at, id]),
    enrollSecrets: () => by(tables.enroll_secrets.all(), ({ created_at, id }) => [created_at, id]),
  }
}

function certificateLookups(
  tables: ModelTables,
): Pick<
  Lookups,
  | 'authorities'
  | 'certificate'
  | 'certificatesOf'
  | 'endingCertificates'
  | 'challenge'
  | 'endedChallenges'
  | 'enrollmentLink'
  | 'enrollmentLinkBySecret'
  | 'enrollmentLinks'
  | 'pushCertificate'
  | 'pushCertificates'
> {
  const { certificates, challenges, enrollment_links: links } = tables
  return {
    authorities: () => by(tables.authorities.all(), ({ created_at, id }) => [created_at, id]),
    certificate: (fingerprint) => certificates.get(fingerprint),
    certificatesOf: (hostId) =>
      by(
        certificates.where((row) => (row.host_id ?? row.vouched_host_id) === hostId),
        ({ issued_at, fingerprint }) => [issued_at, fingerprint],
      ),
    endingCertificates: (notAfter, limit) =>
      by(
        certificates.where((row) => row.status === 'active' && row.not_after <= notAfter),
        ({ not_after, fingerprint }) => [not_after, fingerprint],
      ).slice(0, limit),
    challenge: (hash) => challenges.get(hash),
    endedChallenges: (expiresAt, limit) =>
      by(
        challenges.where(({ expires_at }) => expires_at <= expiresAt),
        ({ expires_at, hash }) => [expires_at, hash],
      ).slice(0, limit),
    enrollmentLink: (id) => links.get(id),
    enrollmentLinkBySecret: (hash) => links.where(({ secret_hash }) => secret_hash === hash)[0],
    enrollmentLinks: () => by(links.all(), ({ created_at, id }) => [created_at, id]),
    pushCertificate: (topic) => tables.push_certificates.get(topic),
    pushCertificates: () => by(tables.push_certificates.all(), ({ topic }) => [topic]),
  }
}

const webhookLookups = ({
  webhooks,
  webhook_deliveries: deliveries,
}: ModelTables): Pick<
  Lookups,
  | 'webhook'
  | 'webhooks'
  | 'delivery'
  | 'nextDelivery'
  | 'nextDeliveryBeyond'
  | 'lastDelivery'
  | 'deliveriesFrom'
  | 'endedDeliveries'
> => ({
  webhook: (id) => webhooks.get(id),
  webhooks: () => by(webhooks.all(), ({ created_at, id }) => [created_at, id]),
  delivery: (id) => deliveries.get(id),
  // Rows come in the order in which they were first put, which is that of rowids.
  nextDelivery: (webhookId, hostId) =>
    deliveries.where(
      (row) => row.webhook_id === webhookId && row.host_id === hostId && row.state === 'pending',
    )[0],
  nextDeliveryBeyond: (webhookId, hostId) =>
    by(
      deliveries.where(
        (row) => row.webhook_id === webhookId && row.host_id > hostId && row.state === 'pending',
      ),
      ({ host_id }) => [host_id],
    )[0],
  lastDelivery: (webhookId) =>
    by(
      deliveries.where((row) => row.webhook_id === webhookId && row.finished_at !== null),
      ({ finished_at }) => [finished_at ?? 0],
    ).at(-1),
  deliveriesFrom: (webhookId, after, limit) =>
    by(
      deliveries.where(
        ({ webhook_id, created_at, id }) =>
          webhook_id === webhookId &&
          (created_at > after.created_at || (created_at === after.created_at && id > after.id)),
      ),
      ({ created_at, id }) => [created_at, id],
    ).slice(0, limit),
  endedDeliveries: (finishedAt, limit) =>
    by(
      deliveries.where(({ finished_at }) => finished_at !== null && finished_at <= finishedAt),
      ({ finished_at }) => [finished_at ?? 0],
    ).slice(0, limit),
})

function dueLookups(
  tables: ModelTables,
): Pick<Lookups, 'dueAlarms' | 'nextAlarmAt' | 'dueOutbox' | 'nextOutboxAt'> {
  const first = (rows: readonly { readonly due_at: number }[]): number | undefined =>
    rows.length === 0 ? undefined : Math.min(...rows.map(({ due_at }) => due_at))
  return {
    dueAlarms: (at, limit) =>
      by(
        tables.alarms.where(({ due_at }) => due_at <= at),
        ({ due_at, host_id, name }) => [due_at, host_id, name],
      ).slice(0, limit),
    nextAlarmAt: () => first(tables.alarms.all()),
    dueOutbox: (at, limit) =>
      by(
        tables.outbox.where(({ due_at }) => due_at <= at),
        ({ due_at, id }) => [due_at, id],
      ).slice(0, limit),
    nextOutboxAt: () => first(tables.outbox.all()),
  }
}

/** The key of a claim's row. */
export const claimKey = (kind: ClaimKind, value: string, hostId: string): string =>
  `${kind} ${hostId} ${value}`

/** In the binary order of SQLite, by the first key that differs. */
function by<Row>(
  rows: readonly Row[],
  keys: (row: Row) => readonly (string | number)[],
): readonly Row[] {
  if (rows.length < 2) return rows
  return rows.toSorted((one, other) => {
    const [left, right] = [keys(one), keys(other)]
    for (const [index, key] of left.entries()) {
      const against = right[index] ?? ''
      if (key !== against) return key < against ? -1 : 1
    }
    return 0
  })
}
