// Certificates as the push service and its clients show them, made once per test file.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { selfSigned } from '../../src/pki/certificate-issue.ts'
import { commonName } from '../../src/pki/distinguished-name.ts'
import { writePem } from '../../src/pki/pem.ts'

export type Identity = { readonly certificate: string; readonly key: string }

const dayMs = 86_400_000
const uid = '0.9.2342.19200300.100.1.1'

type Wish = {
  readonly uid?: string
  readonly commonName?: string
  readonly notBeforeMs?: number
  readonly notAfterMs?: number
}

export function makeIdentity(wish: Wish): Identity {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const certificate = selfSigned(pair, {
    authority: true,
    subject: [
      ...(wish.uid === undefined ? [] : [{ oid: uid, value: wish.uid }]),
      commonName(wish.commonName ?? 'localhost'),
    ],
    serial: randomBytes(16),
    notBeforeMs: wish.notBeforeMs ?? Date.now() - dayMs,
    notAfterMs: wish.notAfterMs ?? Date.now() + 365 * dayMs,
  })
  return {
    certificate: writePem('CERTIFICATE', certificate),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
