// The server without its listener, in this process: what the mechanism costs when no HTTP is in the way.
import { pino } from 'pino'
import { readConfig } from '../src/config/config.ts'
import { type Core, openCore } from '../src/core.ts'
import { type Commands, createCommands } from '../src/intake/commands.ts'
import { createMdmIntake, type MdmIntake } from '../src/intake/mdm.ts'
import type { MdmAnswer } from '../src/intake/mdm-answer.ts'
import { type Keep, openKeep } from '../src/keep.ts'
import { readCheckin } from '../src/protocol/mdm/checkin.ts'
import { readReport } from '../src/protocol/mdm/report.ts'
import { realWorld } from '../src/world.ts'
import type { Call } from './devices.ts'

export type House = {
  readonly core: Core
  readonly keep: Keep
  readonly commands: Commands
  /** Reads an MDM body and lets the intake answer it, as the route does. */
  readonly mdm: (call: Call) => Promise<MdmAnswer>
  close(): Promise<void>
}

export async function openHouse(folder: string): Promise<House> {
  const config = readConfig({}, { MUSTER_DATA: folder, MUSTER_DEVICE_AUTH: 'none' })
  if (!config.ok) throw new Error(config.error)
  const keep = await openKeep(config.value, (reason) => {
    throw reason
  })
  const { store, sealing } = keep
  const core = await openCore({ config: config.value, log: pino({ level: 'error' }), keep, store })
  const { hosts, sight } = core
  const shared = { hosts, sealing, world: realWorld }
  const intake = createMdmIntake({ ...shared, sight, lookups: store.lookups })
  return {
    core,
    keep,
    commands: createCommands({ ...shared, store }),
    mdm: (call) => answerTo(intake, call),
    async close() {
      await core.stop()
      await keep.close()
    },
  }
}

const encoder = new TextEncoder()
const anybody = { kind: 'none' } as const

async function answerTo(intake: MdmIntake, { headers, body }: Call): Promise<MdmAnswer> {
  const bytes = encoder.encode(body)
  if (headers['Content-Type']?.endsWith('checkin') === true) {
    const message = readCheckin(bytes)
    if (!message.ok) throw new Error(message.error.detail)
    return sound(await intake.checkin(message.value, anybody))
  }
  const message = readReport(bytes)
  if (!message.ok) throw new Error(message.error.detail)
  return sound(await intake.report(message.value, bytes, anybody))
}

function sound(answer: MdmAnswer): MdmAnswer {
  if (answer.kind === 'refused') throw new Error(`the intake answered ${answer.why}`)
  return answer
}
