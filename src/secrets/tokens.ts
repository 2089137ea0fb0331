import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A fresh bearer secret: the prefix says what it opens, then 256 random bits as base64url. */
export const mintToken = (prefix: string): string => prefix + randomBytes(32).toString('base64url')

/**
 * What is stored of a token: SHA-256 as 64 hexadecimal digits.
 *
 * A slow hash would buy nothing: nobody guesses 256 random bits, and every request pays for it.
 */
export const hashToken = (token: string): string => hash('sha256', token, 'hex')

/** Whether two hashes are equal, in a time that does not tell where they differ. */
export function sameHash(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
