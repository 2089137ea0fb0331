import { type Certificate, isIssuedBy } from './certificate.ts'

/**
 * Whether a certificate leads to one of the roots over the others given, by name and signature at every step.
 *
 * Dates are not looked at: the authorities in Apple's device chain expired in 2014 and 2022, and what they signed
 * is still built into every device. Whoever cares checks `isValidAt` of what matters.
 */
export function leadsTo(leaf: Certificate, known: Known): boolean {
  let step = leaf
  for (let depth = 0; depth < depthMax; depth += 1) {
    const below = step
    if (known.roots.some((root) => isIssuedBy(below, root))) return true
    const next = known.intermediates.find((candidate) => isIssuedBy(below, candidate))
    if (next === undefined || next.fingerprint === below.fingerprint) return false
    step = next
  }
  return false
}

export type Known = {
  readonly roots: readonly Certificate[]
  /** What came along: believed only as far as the roots' signatures reach. */
  readonly intermediates: readonly Certificate[]
}

/** Apple's chains have two intermediates. */
const depthMax = 5
