import type { HostRow, JournalRow } from '../../../storage/rows.ts'

/**
 * The same for the same event, also when the journal is told anew: a receiver knows by it what it has heard.
 */
export const deliveryId = (webhookId: string, seq: number): string =>
  `msg_${webhookId.replaceAll('-', '')}_${seq}`

/**
 * A message of Standard Webhooks: `{type, timestamp, data}`.
 *
 * `data` is the journal's row with the names of its host. The journal holds no secrets, so neither does this.
 */
export function standardBody(
  row: JournalRow & { readonly seq: number },
  host: HostRow | undefined,
  /** Of the command that moved, where it is not its id. */
  commandUUID: string | undefined,
): Uint8Array {
  // What a quarantined host claims to be is another's name.
  const named = host?.quarantined === 1 ? { ...nobody, id: host.id } : (host ?? nobody)
  const { id, serial, uuid, udid, hostname } = named
  return new TextEncoder().encode(
    JSON.stringify({
      type: row.event,
      timestamp: new Date(row.at).toISOString(),
      data: {
        seq: row.seq,
        host:
          row.host_id === ''
            ? null
            : {
                id: id ?? row.host_id,
                serial,
                uuid,
                udid,
                hostname,
                ...(host?.quarantined === 1 && { quarantined: true }),
              },
        actor: row.actor,
        ...(commandUUID !== undefined && { command_uuid: commandUUID }),
        event: row.event,
        from: row.from_state,
        to: row.to_state,
        cause: row.cause,
        cause_id: row.cause_id,
        detail: row.detail === null ? null : (JSON.parse(row.detail) as unknown),
      },
    }),
  )
}

const nobody = { id: null, serial: null, uuid: null, udid: null, hostname: null }
