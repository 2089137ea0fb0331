import { createHmac, timingSafeEqual } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'

/** Where a page ended, as text a client can carry and cannot change. */
export type Cursors = {
  /** `list` names the list with its filters and order: the cursor is good for that list only. */
  seal(list: string, place: CursorPlace): string
  open(list: string, cursor: string): Result<CursorPlace, { readonly kind: 'not-ours' }>
}

/** The last item's sort value and what breaks ties. */
export type CursorPlace = readonly (string | number | null)[]

/** Half of SHA-256: nobody guesses 128 bits, and addresses stay short. */
const macBytes = 16

/** A sorted value is at most a device's name; longer cursors are not ours. */
const cursorCharsMax = 4_096

/**
 * Cursors signed with `key`, 32 bytes that stay the same over restarts.
 *
 * Shape: base64url of the JSON place, a dot, base64url of the HMAC.
 */
export function createCursors(key: Uint8Array): Cursors {
  const sign = (list: string, place: string): string => {
    const mac = createHmac('sha256', key).update(`${list}\n${place}`).digest()
    return mac.subarray(0, macBytes).toString('base64url')
  }
  return {
    seal(list, place) {
      const text = Buffer.from(JSON.stringify(place)).toString('base64url')
      return `${text}.${sign(list, text)}`
    },
    open(list, cursor) {
      const [text = '', mac = '', ...rest] = cursor.length > cursorCharsMax ? [] : cursor.split('.')
      // As text: base64url has spare bits at its end, and what we sign has one spelling.
      const [given, due] = [Buffer.from(mac), Buffer.from(sign(list, text))]
      if (rest.length > 0 || given.length !== due.length || !timingSafeEqual(given, due))
        return fail({ kind: 'not-ours' })
      // Signed by us, so it is what `seal` wrote.
      return ok(JSON.parse(Buffer.from(text, 'base64url').toString()) as CursorPlace)
    },
  }
}
