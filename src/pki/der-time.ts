import type { DerNode } from './der-read.ts'

/**
 * Milliseconds of a UTCTime or GeneralizedTime, whole seconds in UTC as RFC 5280 and RFC 5652 want them.
 * Undefined for anything else.
 */
export function derTimeOf({ tag, content }: DerNode): number | undefined {
  const text = Buffer.from(content).toString('latin1')
  if (tag === utcTimeTag && /^\d{12}Z$/.test(text))
    return timeOf(`${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`)
  return tag === generalizedTimeTag && /^\d{14}Z$/.test(text) ? timeOf(text) : undefined
}

const utcTimeTag = 0x17
const generalizedTimeTag = 0x18

function timeOf(digits: string): number | undefined {
  const iso = digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z')
  const atMs = Date.parse(iso)
  // A thirtieth of February parses to March.
  return Number.isNaN(atMs) || new Date(atMs).toISOString() !== iso ? undefined : atMs
}
