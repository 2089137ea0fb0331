import { readCertificate } from '../../pki/certificate.ts'

/**
 * The client certificate that a proxy wrote into a header, as DER; undefined for anything else.
 *
 * One reader for all of them: RFC 9440 (`:base64:`, also Google), PEM with its lines kept (Apache writes spaces for
 * them) or percent-escaped (nginx, AWS), bare base64 of the DER (HAProxy, Azure, Cloudflare, Traefik), and Envoy's list
 * of keys. A chain may follow where authorities follow: a second device's certificate would mean that a proxy added
 * its own to what the client had sent.
 */
export function certificateIn(header: string): Uint8Array | undefined {
  const [leaf, ...chain] = certificatesIn(header.trim())
  return leaf !== undefined && chain.length < chainMax && chain.every(isAuthority)
    ? leaf
    : undefined
}

/** Root, and what is between. */
const chainMax = 8

function certificatesIn(header: string): readonly Uint8Array[] {
  if (header.startsWith(':')) return allOf([wrapped.exec(header)?.[1]])
  const text = unescaped(envoysIn(header) ?? header)
  if (text === undefined) return []
  return text.includes('-----BEGIN') ? pemsIn(text) : allOf(text.split(','))
}

/** RFC 8941's way to write bytes. */
const wrapped = /^:([A-Za-z0-9+/=]+):$/

/**
 * The `Cert` of Envoy's `x-forwarded-client-cert`, unquoted; undefined when it is none of those. Of several proxies in
 * a row each adds an element, and only the last would be ours: an element more and there is nothing to believe.
 */
function envoysIn(header: string): string | undefined {
  if (!/(?:^|;)Cert=/i.test(header)) return undefined
  const keys = header.split(';').filter((pair) => /^Cert=/i.test(pair))
  const quoted = /^Cert="([^",;]+)"$/i.exec(keys[0] ?? '')?.[1]
  return keys.length === 1 && !outsideQuotes(header).includes(',') ? (quoted ?? '') : ''
}

const outsideQuotes = (text: string): string => text.replaceAll(/"[^"]*"/g, '')

/** Not as a form: `+` is a digit of base64. */
function unescaped(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

/** Nothing but certificates. */
function pemsIn(text: string): readonly Uint8Array[] {
  const isMore = text.replaceAll(block, '').trim() !== ''
  return isMore ? [] : allOf([...text.matchAll(block)].map(([, body = '']) => body))
}

/** All of them, or none when one is not base64. */
function allOf(texts: readonly (string | undefined)[]): readonly Uint8Array[] {
  const read = texts.flatMap((text) => bytesOf(text) ?? [])
  return read.length === texts.length ? read : []
}

/** Node skips what is not base64; here that is nothing. */
function bytesOf(text: string | undefined): Uint8Array | undefined {
  const base64 = text?.replaceAll(/\s+/g, '') ?? ''
  const bytes = Buffer.from(base64, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === base64 ? bytes : undefined
}

function isAuthority(der: Uint8Array): boolean {
  const read = readCertificate(der)
  return read.ok && read.value.isCa
}
