// Who sends a body, by its first bytes: newer agents name their key in a header, some older ones at the beginning.
import { gunzipSync, constants } from 'node:zlib'

/** A key of 512 characters and what may stand before it. */
const firstBytesMax = 2_048

/** Deflate grows a thousandfold at most, so this many compressed bytes stay small. */
const compressedBytesMax = 512

/** The node key that a batch begins with, as JSON in the clear or in gzip; undefined where it does not stand there. */
export function keyInFirstBytes(first: Uint8Array): string | undefined {
  const isGzip = first[0] === 0x1f && first[1] === 0x8b
  const bytes = isGzip ? inflatedStart(first) : first
  const text = Buffer.from(bytes.subarray(0, firstBytesMax)).toString('latin1')
  return /^\s*\{\s*"node_key"\s*:\s*"(?<key>[\w+/=.-]{1,512})"/.exec(text)?.groups?.['key']
}

function inflatedStart(first: Uint8Array): Uint8Array {
  try {
    return gunzipSync(first.subarray(0, compressedBytesMax), {
      finishFlush: constants.Z_SYNC_FLUSH,
    })
  } catch {
    return new Uint8Array()
  }
}
