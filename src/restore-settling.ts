// What a restored database is told: that time has passed, and that nobody knows what was sent since the backup.
import { openStore } from '../storage/open.ts'
import type { CommandRow } from '../storage/rows.ts'
import type { Store } from '../storage/store.ts'
import type { Manifest } from './backup/manifest.ts'
import { commandContext } from './intake/commands.ts'
import { createHosts, type Hosts } from './runtime/hosts.ts'
import { fail, ok, type Result } from './result.ts'
import { openWorld } from './world.ts'

export type DoubtedCommand = {
  readonly command_uuid: string
  readonly host_id: string
  readonly serial: string | null
  readonly request_type: string
  /** In the backup. */
  readonly was: string
}

export type Settled = {
  readonly incarnation: number
  /** They must not run twice and may have run since: they are `unknown` now, and are not sent again. */
  readonly unknown: readonly DoubtedCommand[]
  /** Open commands that may run twice: they go on, so some may be sent a second time. */
  readonly going_on: number
  /** Hosts whose rows cannot be read: nothing of them was changed, and nothing of them is served. */
  readonly damaged_hosts: readonly string[]
  /** Valid again, those deleted since the backup included. */
  readonly tokens: number
  readonly enroll_secrets: number
  readonly enrollment_links: number
}

/** Hosts read at once. */
const hostsAtOnce = 256

/** Opens the restored folder as a server does, and closes it again. Fails with one sentence. */
export async function settleRestored(
  folder: string,
  manifest: Manifest,
): Promise<Result<Settled, string>> {
  const opened = await openStore({ folder, onFatal: () => undefined })
  const { store } = opened
  try {
    // Keeps the later of the time in the backup and the time now.
    const { world, stop } = await openWorld(store)
    stop()
    const hosts = createHosts({ store, world, performed: new Set() })
    const commands = await doubtAll(store, hosts, world.now)
    if (!commands.ok) return commands
    await hosts.drain()
    const incarnation = manifest.incarnation + 1
    const at = world.now()
    const kept = await store.commit([
      { put: 'incarnation', row: { id: 1, incarnation, restored_at: at } },
      {
        put: 'journal',
        row: {
          host_id: '',
          at,
          actor: 'host',
          event: 'backup.restored',
          from_state: null,
          to_state: null,
          cause: 'operator',
          cause_id: 'muster restore',
          detail: JSON.stringify({
            journal_seq: manifest.journal_seq,
            made_at: manifest.created_at,
            incarnation,
            unknown_commands: commands.value.unknown.length,
          }),
        },
      },
    ])
    if (!kept.ok) return fail(`The restored database cannot be written: ${kept.error.kind}.`)
    return ok({
      ...commands.value,
      incarnation,
      tokens: store.lookups.tokens().length,
      enroll_secrets: store.lookups.enrollSecrets().length,
      enrollment_links: store.lookups.enrollmentLinks().length,
    })
  } finally {
    await store.close()
  }
}

type Doubted = Pick<Settled, 'unknown' | 'going_on' | 'damaged_hosts'>

async function doubtAll(
  store: Store,
  hosts: Hosts,
  now: () => number,
): Promise<Result<Doubted, string>> {
  const unknown: DoubtedCommand[] = []
  const damaged: string[] = []
  let goingOn = 0
  let page: readonly string[] = []
  for (let after = ''; (page = store.lookups.busyHosts(after, hostsAtOnce)).length > 0;) {
    const asked = page.map(async (hostId) => {
      const open = openCommandsOf(store, hostId)
      if (open === undefined) return void damaged.push(hostId)
      goingOn += open.goingOn
      if (open.doubted.length === 0) return undefined
      const answer = await hosts.ask(hostId, {
        events: [{ type: 'operator.restore', at: now() }],
        cause: { kind: 'operator', id: 'muster restore' },
      })
      if (answer.ok) {
        const { serial } = answer.value.snapshot.context.identity
        return void unknown.push(...open.doubted.map((row) => doubtedOf(row, serial)))
      }
      const { kind } = answer.error
      // A server that cannot wake the host either sends it nothing.
      if (kind === 'damaged' || kind === 'failed') return void damaged.push(hostId)
      return `A host (${hostId}) could not be settled: ${kind}.`
    })
    const faults = (await Promise.all(asked)).filter((fault) => fault !== undefined)
    const [fault] = faults
    if (fault !== undefined) return fail(fault)
    after = page.at(-1) ?? ''
  }
  return ok({ unknown, going_on: goingOn, damaged_hosts: damaged })
}

type OpenCommands = { readonly doubted: readonly CommandRow[]; readonly goingOn: number }

/** Undefined when they cannot be read: one host does not keep all others from being restored. */
function openCommandsOf(store: Store, hostId: string): OpenCommands | undefined {
  try {
    const open = store.lookups.openCommands(hostId)
    const doubted = open.filter((row) => !commandContext(row).repeatable)
    return { doubted, goingOn: open.length - doubted.length }
  } catch {
    return undefined
  }
}

const doubtedOf = (row: CommandRow, serial: string | null): DoubtedCommand => ({
  command_uuid: row.command_uuid,
  host_id: row.host_id,
  serial,
  request_type: row.request_type,
  was: row.state,
})
