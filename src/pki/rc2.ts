/**
 * RC2 in CBC mode, decryption only, padding left on (RFC 2268).
 *
 * Keychain Access still wraps the certificates of an exported identity in 40-bit RC2, and OpenSSL 3 left the
 * cipher to a provider that Node is not built with. It hides nothing, and nothing is ever encrypted with it here.
 */
export function decryptRc2Cbc(data: Uint8Array, secret: Rc2Secret): Uint8Array {
  if (data.length % blockBytes !== 0) throw new Error('RC2 reads whole blocks')
  const keys = expandKey(secret.key, secret.effectiveBits)
  const plain = new Uint8Array(data.length)
  for (let at = 0; at < data.length; at += blockBytes) {
    const before = at === 0 ? secret.iv : data.subarray(at - blockBytes, at)
    const block = decryptBlock(data.subarray(at, at + blockBytes), keys)
    for (let index = 0; index < blockBytes; index += 1)
      plain[at + index] = (block[index] ?? 0) ^ (before[index] ?? 0)
  }
  return plain
}

export type Rc2Secret = {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  readonly effectiveBits: number
}

const blockBytes = 8

/** Sixty-four 16-bit words from a key of any length up to 128 bytes. */
function expandKey(key: Uint8Array, effectiveBits: number): Uint16Array {
  const bytes = new Uint8Array(128)
  bytes.set(key)
  const at = (index: number): number => bytes[index] ?? 0
  const pi = (index: number): number => piTable[index & 0xff] ?? 0
  for (let index = key.length; index < 128; index += 1)
    bytes[index] = pi(at(index - 1) + at(index - key.length))
  const effectiveBytes = Math.ceil(effectiveBits / 8)
  const mask = 0xff >> (8 * effectiveBytes - effectiveBits)
  bytes[128 - effectiveBytes] = pi(at(128 - effectiveBytes) & mask)
  for (let index = 127 - effectiveBytes; index >= 0; index -= 1)
    bytes[index] = pi(at(index + 1) ^ at(index + effectiveBytes))
  return Uint16Array.from({ length: 64 }, (_, word) => at(2 * word) | (at(2 * word + 1) << 8))
}

/** Five rounds of mixing, a mash, six, a mash, five: all backwards. */
function decryptBlock(block: Uint8Array, keys: Uint16Array): Uint8Array {
  const view = new DataView(block.buffer, block.byteOffset, blockBytes)
  const words = Uint16Array.from({ length: 4 }, (_, word) => view.getUint16(2 * word, true))
  for (let round = 15; round >= 0; round -= 1) {
    unmix(words, keys.subarray(4 * round, 4 * round + 4))
    if (round === 11 || round === 5) unmash(words, keys)
  }
  const out = new DataView(new ArrayBuffer(blockBytes))
  words.forEach((word, index) => out.setUint16(2 * index, word, true))
  return new Uint8Array(out.buffer)
}

const shifts = [1, 2, 3, 5] as const

function unmix(words: Uint16Array, keys: Uint16Array): void {
  for (let index = 3; index >= 0; index -= 1) {
    const [one, two, three] = neighbours(words, index)
    const shift = shifts[index] ?? 0
    const word = words[index] ?? 0
    const turned = (word >> shift) | (word << (16 - shift))
    words[index] = turned - (keys[index] ?? 0) - (one & two) - (~one & three)
  }
}

function unmash(words: Uint16Array, keys: Uint16Array): void {
  for (let index = 3; index >= 0; index -= 1)
    words[index] = (words[index] ?? 0) - (keys[neighbours(words, index)[0] & 63] ?? 0)
}

/** The three words before this one, going round. */
const neighbours = (words: Uint16Array, index: number): readonly [number, number, number] => [
  words[(index + 3) % 4] ?? 0,
  words[(index + 2) % 4] ?? 0,
  words[(index + 1) % 4] ?? 0,
]

/** The permutation of RFC 2268 section 2, drawn from the digits of pi. */
const piTable = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
)
