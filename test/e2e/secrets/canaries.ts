import { randomBytes } from 'node:crypto'

/** Secrets that are recognised wherever they turn up, in whatever form. */
export type Canaries = {
  /** A new secret; the name says what it stands for. */
  plant(name: string): string
  /** Watches a secret that somebody else made. */
  watch(name: string, secret: string): string
  readonly names: readonly string[]
  /** Names of the secrets found in these bytes, with the form they were in. */
  foundIn(bytes: Uint8Array): readonly string[]
}

export function createCanaries(): Canaries {
  const forms: { readonly name: string; readonly form: string; readonly bytes: Buffer }[] = []
  const names: string[] = []

  function watch(name: string, secret: string): string {
    if (secret.length < 12) throw new Error(`${name} is too short to be recognised`)
    names.push(name)
    const plain = Buffer.from(secret)
    const texts: Readonly<Record<string, string>> = {
      hex: plain.toString('hex'),
      HEX: plain.toString('hex').toUpperCase(),
      ...Object.fromEntries([0, 1, 2].map((shift) => [`base64+${shift}`, base64At(plain, shift)])),
    }
    forms.push({ name, form: 'plain', bytes: plain })
    forms.push({ name, form: 'utf16', bytes: Buffer.from(secret, 'utf16le') })
    for (const [form, text] of Object.entries(texts))
      forms.push({ name, form, bytes: Buffer.from(text) })
    return secret
  }

  return {
    names,
    watch,
    plant: (name) => watch(name, `canary${randomBytes(12).toString('hex')}`),
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
