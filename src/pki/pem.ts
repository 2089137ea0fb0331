import { fail, ok, type Result } from '../result.ts'

/**
 * The labelled blocks of a PEM text, in order (RFC 7468). Text around them is skipped, as every tool does that
 * writes a subject line above a certificate.
 *
 * Bound: 1 MB of text, 64 blocks.
 * Fails: `not-pem` when there is no block, one that does not end, or one whose lines are no base64.
 */
export function readPem(text: string): Result<readonly PemBlock[], PemFault> {
  if (text.length > textCharsMax) return notPem(`more than ${textCharsMax} characters`)
  const blocks: PemBlock[] = []
  let at = text.indexOf(begin)
  while (at !== -1) {
    if (blocks.length === blocksMax) return notPem(`more than ${blocksMax} blocks`)
    const block = readBlock(text, at)
    if (!block.ok) return block
    blocks.push(block.value)
    at = text.indexOf(begin, at + block.value.text.length)
  }
  return blocks.length === 0 ? notPem('no -----BEGIN line') : ok(blocks)
}

/** One block, lines of 64 characters. */
export function writePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

export type PemBlock = {
  /** `CERTIFICATE`, `PRIVATE KEY`… */
  readonly label: string
  /** Empty for a key encrypted in the old way: its headers say how, and only `text` holds them. */
  readonly der: Uint8Array
  /** The block as it stood, for readers that know more kinds than we do. */
  readonly text: string
}

export type PemFault = { readonly kind: 'not-pem'; readonly detail: string }

/** A certificate chain with its key is under 20 kB; whoever sends a megabyte sends something else. */
const textCharsMax = 1_000_000
/** A chain is two or three certificates; a bundle of authorities is a mistake here. */
const blocksMax = 64

const begin = '-----BEGIN '

function readBlock(text: string, at: number): Result<PemBlock, PemFault> {
  const labelEnd = text.indexOf('-----', at + begin.length)
  const label = text.slice(at + begin.length, labelEnd)
  if (labelEnd === -1 || !/^[A-Z0-9 ]{1,40}$/.test(label)) return notPem('a bad -----BEGIN line')
  const bodyAt = labelEnd + '-----'.length
  const end = `-----END ${label}-----`
  const endAt = text.indexOf(end, bodyAt)
  if (endAt === -1) return notPem(`no ${end}`)
  const body = text.slice(bodyAt, endAt)
  const whole = text.slice(at, endAt + end.length)
  if (body.includes(':')) return ok({ label, der: new Uint8Array(), text: whole })
  const base64 = body.replace(/\s+/g, '')
  const der = Buffer.from(base64, 'base64')
  // Node skips what it does not know, so the way back is the check.
  return base64 !== '' && der.toString('base64') === base64
    ? ok({ label, der, text: whole })
    : notPem(`a ${label} that is not base64`)
}

const notPem = (detail: string): Result<never, PemFault> => fail({ kind: 'not-pem', detail })
