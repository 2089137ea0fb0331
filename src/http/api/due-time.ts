import type { World } from '../../runtime/world.ts'
import { iso } from './fields.ts'

export type DueClock = Pick<World, 'now' | 'steady'>

/**
 * When something is due or runs out, as the wall clock will have it, also after that was put back.
 *
 * Whole seconds apart, so that what is due shows one time however often it is looked at.
 */
export function dueIso({ now, steady }: DueClock, at: number): string {
  const aheadMs = Math.round((steady() - now()) / 1_000) * 1_000
  return iso(at - aheadMs)
}

export const dueIsoOrNull = (clock: DueClock, at: number | null): string | null =>
  at === null ? null : dueIso(clock, at)
