// Settings about osquery agents: how many may enrol, and when a host takes another one.
import { readDuration } from './enrollment.ts'
import { readWholeNumber, type Setting } from './setting.ts'

export type AgentsConfig = {
  /** How long the agent of a host must be silent before the host takes another one. */
  readonly agentCooldownMs: number
  /** Agents that may enrol each minute from one address. */
  readonly enrollsPerAddress: number
  /** Agents that may enrol each minute in sum. */
  readonly enrollsPerMinute: number
}

const readRate = readWholeNumber({ min: 1, max: 1_000_000 })

export const agentSettings: {
  readonly [Name in keyof AgentsConfig]: Setting<AgentsConfig[Name]>
} = {
  agentCooldownMs: {
    flag: 'agentCooldown',
    variable: 'MUSTER_AGENT_COOLDOWN',
    read: readDuration({ min: '1s', max: '30d' }),
    // Longer than agents poll by default, shorter than a reinstalled computer can wait.
    fallback: 10 * 60_000,
  },
  enrollsPerAddress: {
    flag: 'enrollsPerAddress',
    variable: 'MUSTER_ENROLLS_PER_ADDRESS',
    read: readRate,
    // 1,200 at once: an office behind one address.
    fallback: 120,
  },
  enrollsPerMinute: {
    flag: 'enrollsPerMinute',
    variable: 'MUSTER_ENROLLS_PER_MINUTE',
    read: readRate,
    // 12,000 at once, and the rest of a fleet of 45,000 within half an hour.
    fallback: 1_200,
  },
}
