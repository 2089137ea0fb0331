import { createHash } from 'node:crypto'
import type { Certificate } from './certificate.ts'

/** What a SCEP payload names an authority by: SHA-1 of its DER, the only digest Apple's clients compare. */
export const caFingerprint = ({ der }: Certificate): Uint8Array =>
  createHash('sha1').update(der).digest()
