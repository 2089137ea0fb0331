import type { DerNode } from './der-read.ts'
import { oidOf } from './der-read.ts'
import { textOf } from './der-text.ts'
import { der } from './der-write.ts'

/** A subject or issuer, as the encoding has it: most general attribute first. */
export type Name = readonly NameAttribute[]

export type NameAttribute = {
  /** Dotted. */
  readonly oid: string
  readonly value: string
}

/** The name a certificate or request is to carry. Values are short: a caller's long one is its bug, not ours. */
export const writeName = (name: Name): Uint8Array =>
  der.sequence(
    ...name.map(({ oid, value }) =>
      der.set(
        der.sequence(
          der.oid(oid),
          asciiOnly.has(oid) ? der.printableString(value) : der.utf8String(value),
        ),
      ),
    ),
  )

/** Reads a name with at most 64 attributes. Undefined: not a name. */
export function readName(node: DerNode): Name | undefined {
  if (node.tag !== 0x30) return undefined
  const pairs = node.children.flatMap((part) => (part.tag === 0x31 ? part.children : [part]))
  if (pairs.length > attributesMax) return undefined
  const name: NameAttribute[] = []
  for (const pair of pairs) {
    const [type, value] = pair.children
    if (pair.tag !== 0x30 || type === undefined || value === undefined) return undefined
    const oid = oidOf(type)
    if (oid === undefined) return undefined
    // A value of a type that is no string is kept as its bytes: it still tells two names apart.
    name.push({ oid, value: textOf(value) ?? `#${Buffer.from(value.bytes).toString('hex')}` })
  }
  return name
}

/** One line for people, `CN=…, O=…`. Not for comparing: names are compared as bytes. */
export const nameText = (name: Name): string =>
  name.map(({ oid, value }) => `${shortNames.get(oid) ?? oid}=${value}`).join(', ')

export const commonName = (value: string): NameAttribute => ({ oid: '2.5.4.3', value })
export const organization = (value: string): NameAttribute => ({ oid: '2.5.4.10', value })

/** Far above the dozen a real name has, far below what would make a listing unreadable. */
const attributesMax = 64

/** Country and serial number are PrintableString by definition (RFC 5280 appendix A). */
const asciiOnly = new Set(['2.5.4.5', '2.5.4.6'])

const shortNames: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
])
