// One host, whole: what lists show and what only its actor knows.
import { z } from '@hono/zod-openapi'
import type { Fact, FactName, HostContext } from '../../../machines/host-context.ts'
import type { ClaimRow, HostRow } from '../../../storage/rows.ts'
import { fail, ok } from '../../result.ts'
import type { OsqueryRefusal } from '../../intake/osquery-refusals.ts'
import type { HostView } from '../../runtime/hosts.ts'
import { commandItem, itemOfContext } from './command-item.ts'
import { conflictItem, conflictOf } from './conflict-item.ts'
import type { ApiDeps } from './deps.ts'
import { type DueClock, dueIso, dueIsoOrNull } from './due-time.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { askProblem } from './faults.ts'
import { iso, isoOrNull, time } from './fields.ts'
import { hostItem, itemOf } from './host-item.ts'
import { hostAt } from './host-ref.ts'
import { shortHash } from './redacted.ts'

const fact = z.object({
  value: z.union([z.string(), z.number(), z.boolean()]),
  source: z.enum(['dep', 'mdm', 'osquery']),
  at: time.openapi({ description: 'When the value was first said.' }),
  agent_says: z
    .object({ value: z.union([z.string(), z.number(), z.boolean()]), at: time })
    .optional()
    .openapi({
      description: 'What the osquery agent says differently. The value from MDM counts.',
    }),
})

const channel = z.object({
  key: z.string(),
  kind: z.enum(['device', 'user']),
  type: z.string(),
  topic: z.string(),
  pushable: z.boolean(),
  push_fault: z
    .string()
    .nullable()
    .openapi({ description: "Apple's reason to give its push token up, until the next one." }),
  user_short_name: z.string().nullable(),
  since: time,
})

const claim = z.object({
  kind: z.string(),
  value: z.string(),
  status: z.string(),
  source: z.string(),
  first_seen_at: time,
  last_seen_at: time,
})

const agent = z.object({
  key: z.string().openapi({ description: 'The beginning of the SHA-256 of its node key.' }),
  instance: z.string().nullable(),
  enrolled_at: time,
  expires_at: time.nullable(),
  detail_at: time.nullable(),
})

const osqueryRefusal = z.object({
  route: z.string(),
  reason: z.string().openapi({ description: 'Such as `too-large`, as the metric has it.' }),
  outcome: z.enum(['refused', 'kept-unread']).openapi({
    description:
      'What was refused comes again. What could not be read is in the log as it came, in base64.',
  }),
  count: z.int(),
  since: time,
  last_at: time,
})

const depDevice = z.object({
  serial_number: z.string(),
  profile_status: z.string().nullable(),
  profile_uuid: z.string().nullable(),
  op_date: z.string().nullable().openapi({ description: "When Apple's list last changed it." }),
  since: time,
})

const alarm = z.object({ name: z.string(), due_at: time })

const wholeHost = hostItem
  .extend({
    facts: z.record(z.string(), fact),
    channels: z.array(channel),
    claims: z.array(claim),
    dep_devices: z.array(depDevice).openapi({
      description:
        "Serial numbers that Apple's list assigns to us: several once listed hosts were merged.",
    }),
    agents: z.array(agent),
    osquery_refusals: z.array(osqueryRefusal).openapi({
      description: 'Messages of its agent that were refused or could not be read, by route.',
    }),
    open_commands: z.array(commandItem),
    alarms: z.array(alarm),
    conflicts: z.array(conflictItem),
    enrolled_at: time.nullable(),
  })
  .openapi('WholeHost')

export const refParams = z.object({
  ref: z.string().openapi({
    description: 'Id, serial, UUID, UDID, EnrollmentID, enrollment key or osquery instance.',
  }),
})

export const hostEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/hosts/{ref}',
      role: 'viewer',
      tag: 'hosts',
      summary: 'One host with its facts, channels, claims and open commands.',
      params: refParams,
      gives: wholeHost,
      also: { 304: 'Unchanged since If-None-Match.', 308: 'Merged into another host.' },
    },
    async (call) => {
      const row = await hostAt(deps, call)
      if (!row.ok) return row
      const looked = await deps.hosts.look(row.value.id)
      if (!looked.ok) return fail(askProblem(looked.error))
      const content = whole(deps, row.value, looked.value)
      const etag = etagOf(looked.value, content)
      const known = call.header('if-none-match')?.split(/\s*,\s*/)
      if (known?.includes(etag))
        return ok({
          kind: 'other',
          response: new Response(null, { status: 304, headers: { etag } }),
        })
      return ok({ kind: 'json', content, headers: { etag, 'cache-control': 'no-cache' } })
    },
  )

/** The actor's version, and what moves without it: when it was last heard of, its commands, claims, conflicts. */
function etagOf(view: HostView, content: z.input<typeof wholeHost>): string {
  const commands = [...view.commands.values()].reduce((sum, { version }) => sum + version, 0)
  const { last_seen_at, presence, claims, conflicts, osquery_refusals } = content
  const refusals = osquery_refusals.map(({ route, count }) => `${route}:${count}`).join()
  const counts = [claims.length, conflicts.length, commands, refusals]
  const others = [last_seen_at ?? '-', presence ?? '-', ...counts]
  return `"${view.version}.${Buffer.from(others.join(' ')).toString('base64url')}"`
}

function whole(
  { store, hosts, world, commands, osqueryRefusals }: ApiDeps,
  row: HostRow,
  view: HostView,
): z.input<typeof wholeHost> {
  const { context } = view.snapshot
  const { lookups } = store
  const now = world.now()
  return {
    // Read again: the look may have waited for a turn that changed it.
    ...itemOf(lookups.host(row.id) ?? row, hosts.lastSeen.of(row.id), now),
    facts: factsOf(context),
    channels: Object.values(context.channels).map(channelOf),
    claims: lookups.claimsOf(row.id).map(claimOf),
    dep_devices: Object.values(context.depDevices).map(depDeviceOf),
    agents: Object.values(context.agents).map((one) => agentOf(world, one)),
    osquery_refusals: osqueryRefusals.of(row.id).map(refusalOf),
    open_commands: [...view.commands.values()].map(({ saved }) =>
      itemOfContext({ commands, world }, row.id, saved),
    ),
    alarms: lookups
      .alarmsOf(row.id)
      .map(({ name, due_at }) => ({ name, due_at: dueIso(world, due_at) })),
    conflicts: lookups
      .conflictsOf(row.id)
      .filter(({ resolved_at }) => resolved_at === null)
      .map(conflictOf),
    enrolled_at: isoOrNull(context.enrolledAt),
  }
}

const factsOf = ({
  facts,
  agentFacts,
}: HostContext): Readonly<Record<string, z.input<typeof fact>>> =>
  Object.fromEntries(
    (Object.entries(facts) as readonly (readonly [FactName, Fact])[]) // the keys of Facts
      .map(([name, { value, source, at }]) => {
        const agents = agentFacts[name]
        const differs = agents && { agent_says: { value: agents.value, at: iso(agents.at) } }
        return [name, { value, source, at: iso(at), ...differs }]
      }),
  )

const channelOf = (one: HostContext['channels'][string]): z.input<typeof channel> => ({
  key: one.key,
  kind: one.kind,
  type: one.type,
  topic: one.topic,
  pushable: one.pushRef !== null && one.addressFault === null,
  push_fault: one.addressFault?.reason ?? null,
  user_short_name: one.userShortName,
  since: iso(one.since),
})

const depDeviceOf = ({
  serial_number,
  profile_status,
  profile_uuid,
  op_date,
  since,
}: HostContext['depDevices'][string]): z.input<typeof depDevice> => ({
  serial_number,
  profile_status,
  profile_uuid,
  op_date,
  since: iso(since),
})

const claimOf = (row: ClaimRow): z.input<typeof claim> => ({
  kind: row.kind,
  value: row.value,
  status: row.status,
  source: row.source,
  first_seen_at: iso(row.first_seen),
  last_seen_at: iso(row.last_seen),
})

const refusalOf = ({
  lastAt,
  since,
  ...refusal
}: OsqueryRefusal): z.input<typeof osqueryRefusal> => ({
  ...refusal,
  since: iso(since),
  last_at: iso(lastAt),
})

const agentOf = (clock: DueClock, one: HostContext['agents'][string]): z.input<typeof agent> => ({
  key: shortHash(one.keyHash),
  instance: one.instance,
  enrolled_at: iso(one.enrolledAt),
  expires_at: dueIsoOrNull(clock, one.expiresAt),
  detail_at: one.detailAt === 0 ? null : iso(one.detailAt),
})
