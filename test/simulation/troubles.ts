// What can go wrong in a run, by name, so that a run can be told to do without.
import type { Plan } from './plan.ts'

export const troubles = [
  'kills',
  'fullDisk',
  'stalls',
  'clock',
  'users',
  'agents',
  'faults.unavailable',
  'faults.lostReply',
  'faults.overloaded',
  'faults.crash',
  'faults.slow',
  'network.lostAnswer',
  'network.doubled',
  'manners.notNow',
  'manners.error',
  'manners.reenrol',
  'manners.checkOut',
  'operator.cancel',
  'operator.merge',
  'operator.split',
  'operator.remove',
  'operator.resolve',
  'operator.dep',
] as const

export type Trouble = (typeof troubles)[number]

/** Takes one trouble out of the plan. */
export function spare(plan: Plan, trouble: Trouble): void {
  const [group, rate] = trouble.split('.')
  if (group === 'users' || group === 'agents') Object.assign(plan, { [group]: [] })
  else if (rate === undefined) Object.assign(plan, { [trouble]: 0 })
  else if (group === 'faults' || group === 'network' || group === 'manners' || group === 'operator')
    Object.assign(plan[group], { [rate]: 0 })
}
