// Settings about Apple's push service: only a test or a demonstration needs another.
import { X509Certificate } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import type { Setting } from './setting.ts'

export type PushConfig = {
  readonly apnsUrl: string
  /** PEM of an authority trusted beside the usual ones. */
  readonly apnsCa: string | undefined
}

export const pushSettings: {
  readonly [Name in keyof PushConfig]: Setting<PushConfig[Name]>
} = {
  apnsUrl: {
    flag: 'apnsUrl',
    variable: 'MUSTER_APNS_URL',
    read: readUrl,
    fallback: 'https://api.push.apple.com:443',
  },
  apnsCa: { flag: 'apnsCaFile', variable: 'MUSTER_APNS_CA', read: readCa, fallback: undefined },
}

function readUrl(text: string): Result<string, string> {
  const url = URL.parse(text)
  return url?.protocol === 'https:' && `${url.origin}/` === url.href
    ? ok(url.origin)
    : fail('must be an https address without a path, such as https://api.push.apple.com:2197')
}

function readCa(text: string): Result<string, string> {
  try {
    return new X509Certificate(text).ca ? ok(text) : fail('must be the certificate of an authority')
  } catch {
    return fail('must be a certificate as PEM')
  }
}
