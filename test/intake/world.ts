// Computers seen over all three protocols by the real intakes, on the real runtime and store.
import { createCommands } from '../../src/intake/commands.ts'
import { createDepIntake } from '../../src/intake/dep.ts'
import { createMdmIntake } from '../../src/intake/mdm.ts'
import { createOsqueryIntake } from '../../src/intake/osquery.ts'
import { createReconcile } from '../../src/intake/reconcile.ts'
import { createSight } from '../../src/intake/sight.ts'
import { createTurnstile } from '../../src/intake/turnstile.ts'
import { readDevices } from '../../src/protocol/dep/device.ts'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { readEnroll } from '../../src/protocol/osquery/enroll.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { dictOf } from '../../src/protocol/plist/value.ts'
import { createSealing } from '../../src/secrets/sealing.ts'
import { createVault } from '../../src/secrets/vault.ts'
import { type House, valueOf } from '../runtime/world.ts'

export type Computer = { readonly serial: string; readonly uuid: string }

export const operator = { kind: 'operator', id: 'tester' } as const

/** Logs in memory. */
function createLogged() {
  const lines: object[] = []
  return {
    lines,
    async appendLogs(_kind: string, entries: readonly object[]) {
      lines.push(...entries)
      return { ok: true } as const
    },
    async appendLines(_kind: string, bytes: Uint8Array) {
      const texts = Buffer.from(bytes).toString().trimEnd().split('\n')
      lines.push(...texts.map((text) => JSON.parse(text) as object))
      return { ok: true } as const
    },
  }
}

/** The intakes as the server wires them, in front of a runtime that may be on its second life. */
export function openDoors({ hosts, store, clock }: House) {
  const world = clock
  const sight = createSight({ store, hosts, world, turnstile: createTurnstile() })
  const lookups = store.lookups
  const nowhere = async () => ({ ok: false, error: { kind: 'missing' } }) as const
  const sealing = createSealing({
    vault: createVault(new Uint8Array(32)),
    blobs: { put: nowhere, get: nowhere },
    sealed: (ref) => lookups.sealed(ref),
  })
  const mdm = createMdmIntake({ hosts, lookups, sealing, sight, world })
  const dep = createDepIntake({ hosts, lookups, sight, world })
  const logged = createLogged()
  const osquery = createOsqueryIntake({
    hosts,
    lookups,
    sight,
    world,
    agentCooldownMs: 600_000,
    isEnrollSecret: (secret) => secret === 'right',
    logs: logged,
  })
  const checkin = async (message: object) => {
    const read = readCheckin(dictOf({ Topic: 'com.apple.mgmt.test', ...message }))
    if (!read.ok) throw new Error(read.error.detail)
    return mdm.checkin(read.value, { kind: 'none' })
  }
  const list = async (device: object) => {
    const devices = readDevices({ devices: [device] })
    if (!devices.ok) throw new Error('bad devices')
    return dep.see(devices.value, operator)
  }
  return {
    osquery,
    /** The lines of all logs so far. */
    lines: logged.lines,
    sealing,
    checkin,
    async report(message: object) {
      const body = new TextEncoder().encode(buildPlist(dictOf({ ...message })))
      const read = readReport(body)
      if (!read.ok) throw new Error(read.error.detail)
      return mdm.report(read.value, body, { kind: 'none' })
    },
    commands: createCommands({ store, hosts, sealing, world }),
    reconcile: createReconcile({ store, hosts, world }),
    assign: ({ serial }: Pick<Computer, 'serial'>, more: object = {}) =>
      list({ serial_number: serial, model: 'MacBook Pro', ...more }),
    unassign: ({ serial }: Pick<Computer, 'serial'>) =>
      list({ serial_number: serial, op_type: 'deleted' }),
    authenticate: ({ serial, uuid }: Computer, more: object = {}) =>
      checkin({
        MessageType: 'Authenticate',
        UDID: uuid,
        SerialNumber: serial,
        DeviceName: `mac of ${serial}`,
        ...more,
      }),
    tokenUpdate: ({ uuid }: Pick<Computer, 'uuid'>) =>
      checkin({
        MessageType: 'TokenUpdate',
        UDID: uuid,
        Token: new Uint8Array([1, 2, 3]),
        PushMagic: 'magic',
      }),
    enroll(info: { readonly serial?: string; readonly uuid?: string; readonly instance?: string }) {
      const read = readEnroll({
        enroll_secret: 'right',
        platform_type: '21',
        host_details: {
          system_info: {
            ...(info.uuid && { uuid: info.uuid }),
            ...(info.serial && { hardware_serial: info.serial }),
            computer_name: `agent of ${info.serial ?? info.uuid}`,
          },
          osquery_info: { instance_id: info.instance ?? `instance-${info.uuid}` },
        },
      })
      if (!read.ok) throw new Error(read.error.kind)
      return osquery.enroll(read.value)
    },
  }
}

/** The live host that owns an identifier. */
export const ownerOf = ({ store }: House, kind: 'serial' | 'uuid', value: string) =>
  store.lookups.claimsOn(kind, value).find(({ status }) => status === 'active')?.host_id

/** What a host is, without what time and restarts may change. */
export async function portrait({ hosts }: House, hostId: string) {
  const { snapshot } = valueOf(await hosts.look(hostId))
  return { value: snapshot.value, context: snapshot.context }
}
