import type { Result } from '../result.ts'
import { derFromBer } from './ber.ts'
import { type DerFault, type DerNode, readDer, type Unread, usualLimits } from './der-read.ts'

/**
 * Reads what may be BER on the outside, as envelopes and key files of Apple and NSS are: as DER if it is DER,
 * else written anew as DER and read then. Not for bytes that a signature is over.
 */
export function readDerOrBer(bytes: Uint8Array, unread?: Unread): Result<DerNode, DerFault> {
  const limits = unread === undefined ? usualLimits : { ...usualLimits, unread }
  const strict = readDer(bytes, limits)
  if (strict.ok) return strict
  const anew = derFromBer(bytes)
  return anew.ok ? readDer(anew.value, limits) : anew
}
