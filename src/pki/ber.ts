import { fail, ok, type Result } from '../result.ts'
import { type DerHead, readHead, type Span } from './der-head.ts'
import type { DerFault } from './der-read.ts'

/**
 * The DER of a message in BER: indefinite lengths become definite, and strings in pieces become one.
 *
 * Apple's devices write the outside of their CMS messages so, as software does that does not know a length
 * when it begins; what they sign inside is DER already and stays as it is, byte for byte. Lengths with needless
 * octets, which nobody writes but to make two readers differ, are refused.
 *
 * Linear in the size for the bounded depth. Bound on size: the caller's.
 */
export function derFromBer(bytes: Uint8Array): Result<Uint8Array, DerFault> {
  const reading: Reading = { bytes, elementsLeft: elementsMax }
  const root = readElement(reading, { at: 0, end: bytes.length }, 0)
  if (typeof root === 'string') return fail({ kind: root })
  return root.next === bytes.length ? ok(root.der) : fail({ kind: 'trailing-bytes' })
}

type Reading = { readonly bytes: Uint8Array; elementsLeft: number }
type Element = {
  readonly tag: number
  readonly der: Uint8Array
  /** Nothing of it had to be written anew. */
  readonly isSame: boolean
  readonly content: Uint8Array
  readonly next: number
}

/** As for DER: messages nest 10 deep. */
const depthMax = 32
const elementsMax = 20_000

function readElement(reading: Reading, span: Span, depth: number): Element | DerFault['kind'] {
  reading.elementsLeft -= 1
  if (reading.elementsLeft < 0) return 'too-many'
  if (depth > depthMax) return 'too-deep'
  const head = readHead(reading.bytes, span)
  if (typeof head === 'string') return head
  return (head.tag & 0x20) === 0
    ? readPrimitive(reading, span, head)
    : readConstructed(reading, span, { head, depth })
}

function readPrimitive(
  { bytes }: Reading,
  { at }: Span,
  { tag, from, to }: DerHead,
): Element | 'bad-length' {
  if (to === undefined) return 'bad-length'
  const der = bytes.subarray(at, to)
  return { tag, content: bytes.subarray(from, to), der, isSame: true, next: to }
}

function readConstructed(
  reading: Reading,
  { at, end }: Span,
  { head: { tag, from, to }, depth }: { readonly head: DerHead; readonly depth: number },
): Element | DerFault['kind'] {
  const isOpen = to === undefined
  const parts = readParts(reading, { at: from, end: to ?? end }, { depth, isOpen })
  if (typeof parts === 'string') return parts
  const { next } = parts
  if (tag === piecewiseOctetString) return joined(parts)
  // What was DER comes out as the very bytes that went in: it may be signed.
  if (!isOpen && parts.isSame) {
    const { bytes } = reading
    const der = bytes.subarray(at, next)
    return { tag, content: bytes.subarray(from, next), der, isSame: true, next }
  }
  return written(tag, { content: Buffer.concat(parts.elements.map(({ der }) => der)), next })
}

const written = (tag: number, { content, next }: Pick<Element, 'content' | 'next'>): Element => ({
  tag,
  content,
  der: Buffer.concat([Uint8Array.of(tag), lengthOf(content.length), content]),
  isSame: false,
  next,
})

const piecewiseOctetString = 0x24

type Parts = {
  readonly elements: readonly Element[]
  /** Nothing inside had to be written anew. */
  readonly isSame: boolean
  readonly next: number
}

/** Elements up to the end, or up to the end-of-contents of an open one. */
function readParts(
  reading: Reading,
  { at, end }: Span,
  { depth, isOpen }: { readonly depth: number; readonly isOpen: boolean },
): Parts | DerFault['kind'] {
  const elements: Element[] = []
  let isSame = true
  for (let next = at; ;) {
    const isEnd = isOpen ? isEndOfContents(reading.bytes, { at: next, end }) : next === end
    if (isEnd) return { elements, isSame, next: isOpen ? next + 2 : next }
    const element = readElement(reading, { at: next, end }, depth + 1)
    if (typeof element === 'string') return element
    isSame &&= element.isSame
    elements.push(element)
    next = element.next
  }
}

const isEndOfContents = (bytes: Uint8Array, { at, end }: Span): boolean =>
  at + 2 <= end && bytes[at] === 0 && bytes[at + 1] === 0

/** The pieces of an OCTET STRING are OCTET STRINGs, whole or in pieces themselves. */
function joined({ elements, next }: Parts): Element | DerFault['kind'] {
  if (elements.some(({ tag }) => tag !== 0x04)) return 'bad-tag'
  const content = Buffer.concat(elements.map((element) => element.content))
  return written(0x04, { content, next })
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return Uint8Array.of(0x80 | octets.length, ...octets)
}
