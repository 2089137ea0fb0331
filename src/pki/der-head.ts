import type { DerFault } from './der-read.ts'

/** Where an element's content begins, and where it ends unless its length is indefinite. */
export type DerHead = {
  /** The identifier octet. */
  readonly tag: number
  readonly from: number
  readonly to: number | undefined
}

export type Span = { readonly at: number; readonly end: number }

/** Octets of a long length: three say 16 MB, above any body we read. */
const lengthOctetsMax = 3

/** Reads identifier and length of the element at `at`, which ends at `end` at the latest. */
export function readHead(bytes: Uint8Array, { at, end }: Span): DerHead | DerFault['kind'] {
  if (at + 2 > end) return 'truncated'
  const [tag = 0, first = 0] = bytes.subarray(at, at + 2)
  if ((tag & 0x1f) === 0x1f || tag === 0) return 'bad-tag'
  const from = at + 2
  if (first === 0x80) return { tag, from, to: undefined }
  const head =
    first < 0x80
      ? { tag, from, to: from + first }
      : longHead(bytes, { tag, from, octets: first & 0x7f, end })
  return typeof head !== 'string' && head.to > end ? 'truncated' : head
}

type LongHead = {
  readonly tag: number
  readonly from: number
  readonly octets: number
  readonly end: number
}

function longHead(
  bytes: Uint8Array,
  { tag, from, octets, end }: LongHead,
): { readonly tag: number; readonly from: number; readonly to: number } | DerFault['kind'] {
  if (octets > lengthOctetsMax) return 'bad-length'
  if (from + octets > end) return 'truncated'
  let length = 0
  for (const octet of bytes.subarray(from, from + octets)) length = length * 256 + octet
  // Needlessly many octets: one who reads them otherwise reads another message.
  if (length < 0x80 || length < 256 ** (octets - 1)) return 'bad-length'
  return { tag, from: from + octets, to: from + octets + length }
}
