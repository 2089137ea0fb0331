import { buildPlist } from '../protocol/plist/build.ts'
import { dictOf, isArray, isDict, type PlistValue } from '../protocol/plist/value.ts'
import type { Wish } from './commands.ts'

/** A wish as text that is equal for equal wishes, whatever the order of its keys and the form it came in. */
export const wishText = (wish: Omit<Wish, 'hostId' | 'commandUUID'>): string =>
  buildPlist({
    channel: wish.channel,
    expiresInMs: wish.expiresInMs,
    payload: sorted(wish.payload),
    priority: wish.priority,
    requestType: wish.requestType,
  })

function sorted(value: PlistValue): PlistValue {
  if (isArray(value)) return value.map(sorted)
  if (!isDict(value)) return value
  const keys = Object.keys(value).toSorted()
  return dictOf(
    Object.fromEntries(
      keys.flatMap((key) => {
        const item = value[key]
        return item === undefined ? [] : [[key, sorted(item)] as const]
      }),
    ),
  )
}
