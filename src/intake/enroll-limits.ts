// How many osquery agents may enrol in a while: who has the enroll secret could make hosts without end.
import { createAllowance } from './allowance.ts'

export type EnrollLimits = {
  /** Which bound is reached; undefined when the agent may enrol, which then counts. */
  reached(address: string | undefined): 'address' | 'sum' | undefined
  /** It did not enrol after all. */
  giveBack(address: string | undefined): void
}

export type EnrollRates = { readonly perAddress: number; readonly inSum: number }

/** At once so many as else in ten minutes: a fleet begins to enrol all together. */
const burstMinutes = 10

export function createEnrollLimits(rates: EnrollRates, now: () => number): EnrollLimits {
  const allowance = (perMinute: number) =>
    createAllowance({ burst: perMinute * burstMinutes, refillMs: 60_000 / perMinute, now })
  const hasBound = (address: string | undefined): address is string =>
    address !== undefined && !isOwnMachine(address)
  const [ofAddress, ofAll] = [allowance(rates.perAddress), allowance(rates.inSum)]
  return {
    reached(address) {
      if (hasBound(address) && !ofAddress.takes(address)) return 'address'
      if (ofAll.takes('all')) return undefined
      if (hasBound(address)) ofAddress.giveBack(address)
      return 'sum'
    },
    giveBack(address) {
      if (hasBound(address)) ofAddress.giveBack(address)
      ofAll.giveBack('all')
    },
  }
}

/** A proxy beside the server that nobody named in `MUSTER_PROXIES` speaks for the whole fleet: only the sum counts. */
const isOwnMachine = (address: string): boolean =>
  address.startsWith('127.') || address === '0:0:0:0::/64'
