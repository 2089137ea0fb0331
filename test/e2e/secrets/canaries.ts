import { type KeyObject, randomBytes } from 'node:crypto'

/** Secrets that are recognised wherever they turn up, in whatever form. */
export type Canaries = {
  /** A new secret; the name says what it stands for. */
  plant(name: string): string
  /** One that was planted before; throws when there is none of that name. */
  planted(name: string): string
  /** Watches a secret that somebody else made. */
  watch(name: string, secret: string): string
  /** The same for bytes that are no text. */
  watchBytes(name: string, secret: Uint8Array): void
  readonly names: readonly string[]
  /** Names of the secrets found in these bytes, with the form they were in. */
  foundIn(bytes: Uint8Array): readonly string[]
}

export function createCanaries(): Canaries {
  const forms: { readonly name: string; readonly form: string; readonly bytes: Buffer }[] = []
  const names: string[] = []
  const secrets = new Map<string, string>()

  function watch(name: string, secret: string): string {
    if (secret.length < 12) throw new Error(`${name} is too short to be recognised`)
    watchBytes(name, Buffer.from(secret))
    forms.push({ name, form: 'utf16', bytes: Buffer.from(secret, 'utf16le') })
    return secret
  }

  function watchBytes(name: string, secret: Uint8Array): void {
    if (secret.length < 12) throw new Error(`${name} is too short to be recognised`)
    names.push(name)
    const plain = Buffer.from(secret)
    const texts: Readonly<Record<string, string>> = {
      hex: plain.toString('hex'),
      HEX: plain.toString('hex').toUpperCase(),
      ...Object.fromEntries([0, 1, 2].map((shift) => [`base64+${shift}`, base64At(plain, shift)])),
    }
    forms.push({ name, form: 'plain', bytes: plain })
    for (const [form, text] of Object.entries(texts))
      forms.push({ name, form, bytes: Buffer.from(text) })
  }

  return {
    names,
    watch,
    watchBytes,
    plant(name) {
      const secret = `canary${randomBytes(13).toString('hex')}`
      secrets.set(name, secret)
      return watch(name, secret)
    },
    planted(name) {
      const secret = secrets.get(name)
      if (secret === undefined) throw new Error(`${name} was never planted`)
      return secret
    },
    foundIn(bytes) {
      const within = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      return forms
        .filter(({ bytes: sought }) => within.includes(sought))
        .map(({ name, form }) => `${name} (${form})`)
    },
  }
}

/** What base64 shows of a secret that begins `shift` bytes into a group of three: whole groups only. */
function base64At(plain: Buffer, shift: number): string {
  const skipped = (3 - shift) % 3
  const groups = Math.floor((plain.length - skipped) / 3)
  return plain.subarray(skipped, skipped + groups * 3).toString('base64')
}

/**
 * Watches a private key by pieces of its secret number.
 *
 * PEM breaks its lines anywhere: of pieces that follow each other at most one is broken.
 */
export function watchKey({ watchBytes }: Canaries, name: string, key: KeyObject): void {
  const { d = '' } = key.export({ format: 'jwk' })
  const secret = Buffer.from(d, 'base64url')
  for (const at of [0, 16]) watchBytes(`${name}, byte ${at}`, secret.subarray(at, at + 16))
}
