import { fail, ok, type Result } from '../result.ts'
import { readHead, type Span } from './der-head.ts'

/** One element of ASN.1 in DER: views into the bytes that were read, nothing is copied. */
export type DerNode = {
  /** The identifier octet: class, constructed bit and number. Numbers above 30 take more octets and are refused. */
  readonly tag: number
  /** Identifier, length and content. */
  readonly bytes: Uint8Array
  readonly content: Uint8Array
  /** Of a constructed element; empty otherwise. */
  readonly children: readonly DerNode[]
}

export type DerFault = {
  readonly kind:
    | 'truncated'
    | 'trailing-bytes'
    | 'bad-tag'
    /** Indefinite, longer than need be, or beyond the bound. */
    | 'bad-length'
    /** A BOOLEAN, INTEGER, NULL or OBJECT IDENTIFIER in another form than DER's only one. */
    | 'bad-value'
    | 'too-deep'
    | 'too-many'
}

export type DerLimits = { readonly depthMax: number; readonly nodesMax: number }

/** Elements whose content is for another reader: those of this depth inside one with this tag stay whole. */
export type Unread = { readonly depth: number; readonly inTag: number }

/** Certificates nest 8 deep and PKCS #12 files 12; a signed request has some 150 elements. */
export const usualLimits: DerLimits = { depthMax: 32, nodesMax: 20_000 }

/**
 * Reads one element that takes all of the bytes, strictly: what X.690 calls DER, and nothing it only calls BER.
 *
 * The order inside a SET OF is not looked at, since degenerate messages keep another on purpose.
 */
export function readDer(
  bytes: Uint8Array,
  { depthMax, nodesMax, unread }: DerLimits & { readonly unread?: Unread } = usualLimits,
): Result<DerNode, DerFault> {
  const reading: Reading = { bytes, depthMax, nodesLeft: nodesMax, unread }
  const root = readNode(reading, { at: 0, end: bytes.length }, { depth: 0, inTag: 0 })
  if (typeof root === 'string') return fail({ kind: root })
  return root.bytes.length === bytes.length ? ok(root) : fail({ kind: 'trailing-bytes' })
}

type Reading = {
  readonly bytes: Uint8Array
  readonly depthMax: number
  readonly unread: Unread | undefined
  nodesLeft: number
}

/** How deep an element lies, and in what. */
type Place = Unread

function readNode(reading: Reading, span: Span, place: Place): DerNode | DerFault['kind'] {
  reading.nodesLeft -= 1
  if (reading.nodesLeft < 0) return 'too-many'
  if (place.depth > reading.depthMax) return 'too-deep'
  const content = contentSpan(reading.bytes, span)
  if (typeof content === 'string') return content
  const { bytes } = reading
  const tag = bytes[span.at] ?? 0
  const leaf = {
    tag,
    bytes: bytes.subarray(span.at, content.end),
    content: bytes.subarray(content.at, content.end),
  }
  if ((tag & constructed) === 0)
    return isWellFormed(tag, leaf.content) ? { ...leaf, children: none } : 'bad-value'
  if (isUnread(reading, place)) return { ...leaf, children: none }
  const children = readChildren(reading, content, { depth: place.depth + 1, inTag: tag })
  return typeof children === 'string' ? children : { ...leaf, children }
}

function readChildren(
  reading: Reading,
  { at, end }: Span,
  place: Place,
): readonly DerNode[] | DerFault['kind'] {
  const children: DerNode[] = []
  for (let next = at; next < end;) {
    const child = readNode(reading, { at: next, end }, place)
    if (typeof child === 'string') return child
    children.push(child)
    next += child.bytes.length
  }
  return children
}

const isUnread = ({ unread }: Reading, { depth, inTag }: Place): boolean =>
  unread !== undefined && unread.depth === depth && unread.inTag === inTag

const constructed = 0x20
const none: readonly DerNode[] = []

function contentSpan(bytes: Uint8Array, span: Span): Span | DerFault['kind'] {
  const head = readHead(bytes, span)
  if (typeof head === 'string') return head
  if (mustDiffer.has(head.tag)) return 'bad-tag'
  return head.to === undefined ? 'bad-length' : { at: head.from, end: head.to }
}

/** Primitive SEQUENCE and SET; constructed BOOLEAN to OBJECT IDENTIFIER and strings, which only BER allows. */
const mustDiffer: ReadonlySet<number> = new Set([
  0x10, 0x11, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x2a, 0x2c, 0x32, 0x33, 0x34, 0x36, 0x37, 0x38,
  0x3a, 0x3c, 0x3e,
])

function isWellFormed(tag: number, content: Uint8Array): boolean {
  switch (tag) {
    case 0x01:
      return content.length === 1 && (content[0] === 0 || content[0] === 0xff)
    case 0x02:
    case 0x0a:
      return isMinimalInteger(content)
    case 0x03:
      return isBitString(content)
    case 0x05:
      return content.length === 0
    case 0x06:
      return isOid(content)
    default:
      return true
  }
}

function isMinimalInteger(content: Uint8Array): boolean {
  const [first, second] = content
  if (first === undefined) return false
  if (second === undefined) return true
  const isPadded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)
  return !isPadded
}

/** The first octet counts unused bits of the last, and these are zero. */
function isBitString(content: Uint8Array): boolean {
  const [unused] = content
  const last = content.at(-1) ?? 0
  if (unused === undefined || unused > 7) return false
  if (unused === 0) return true
  return content.length > 1 && (last & ((1 << unused) - 1)) === 0
}

/** Arcs in base 128, none with leading zeros, the last one ended. */
function isOid(content: Uint8Array): boolean {
  if (content.length === 0 || ((content.at(-1) ?? 0) & 0x80) !== 0) return false
  let isFirstOctet = true
  for (const octet of content) {
    if (isFirstOctet && octet === 0x80) return false
    isFirstOctet = octet < 0x80
  }
  return true
}

/** Octets of one arc: 49 bits, so that no number is rounded. Longer arcs name nothing we know. */
const arcOctetsMax = 7

/** The dotted form of an OBJECT IDENTIFIER. Undefined for another element, or one with an arc of more than 49 bits. */
export function oidOf({ tag, content }: DerNode): string | undefined {
  if (tag !== 0x06) return undefined
  const arcs: number[] = []
  let value = 0
  let octets = 0
  for (const octet of content) {
    octets += 1
    if (octets > arcOctetsMax) return undefined
    value = value * 128 + (octet & 0x7f)
    if (octet >= 0x80) continue
    arcs.push(value)
    value = 0
    octets = 0
  }
  const [head = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(head / 40))
  return [root, head - root * 40, ...rest].join('.')
}
