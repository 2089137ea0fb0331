import { buildPlist } from '../plist/build.ts'
import { type Dict, dictOf, isArray, isDict, type PlistValue } from '../plist/value.ts'

/** What an operator wants: a command for a channel, with its place in line. */
export type CommandWish = {
  readonly channel?: string | undefined
  readonly requestType: string
  readonly payload: Dict
  readonly priority: number
  readonly expiresInMs: number
}

/** A wish as text that is equal for equal wishes, whatever the order of its keys and the form it came in. */
export const wishText = (wish: CommandWish): string =>
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
