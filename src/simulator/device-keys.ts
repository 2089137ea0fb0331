import { generateKeyPair } from 'node:crypto'
import type { KeyPair } from '../pki/certificate-issue.ts'

/** A key for each device that asks, in turn. */
export type DeviceKeys = { readonly next: () => Promise<KeyPair> }

/** A key costs a tenth of a second of one core: beyond these, devices of a large fleet share. */
const keysMax = 64

export function createDeviceKeys(): DeviceKeys {
  const made: Promise<KeyPair>[] = []
  let asked = 0
  return {
    next() {
      const place = asked % keysMax
      asked += 1
      return (made[place] ??= freshPair())
    },
  }
}

const freshPair = (): Promise<KeyPair> =>
  new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: 2_048 }, (error, publicKey, privateKey) => {
      if (error === null) resolve({ publicKey, privateKey })
      else reject(error)
    })
  })
