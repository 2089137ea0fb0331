// Settings about osquery agents: when a host takes another one.
import { readDuration } from './config-enrollment.ts'
import type { Setting } from './setting.ts'

export type AgentsConfig = {
  /** How long the agent of a host must be silent before the host takes another one. */
  readonly agentCooldownMs: number
}

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
}
