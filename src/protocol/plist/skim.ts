// The texts in the root of a property list that cannot be read as one: enough to know who speaks and about what.
import { type Dict, type DictDraft, emptyDict, legalText } from './value.ts'

/**
 * The strings that stand under the given keys, from an XML property list in UTF-8 whatever else is in it.
 *
 * A key of the root counts before one further inside, which is looked at only where the root does not have it. A key
 * that stands there with two values is left out.
 * None from what does not begin with a tag: a list inside of something else is not the sender's word.
 * Bound: time is linear in the body.
 */
export function skimStrings(bytes: Uint8Array, keys: ReadonlySet<string>): Dict {
  const text = new TextDecoder('utf-8').decode(bytes)
  if (!/^\s*</.test(text)) return emptyDict()
  const found: Found = { root: new Map(), inside: new Map() }
  let depth = 0
  let key: string | undefined
  for (const { tag, content } of elementsOf(text)) {
    depth += depthChanges.get(tag) ?? 0
    if (tag === 'string' && key !== undefined && keys.has(key))
      note(depth <= 1 ? found.root : found.inside, key, plainText(content))
    if (!tag.startsWith('/')) key = tag === 'key' ? content : undefined
  }
  return stringsOf(found, keys)
}

/** Null for a key that has two values. */
type Values = Map<string, string | null>
type Found = { readonly root: Values; readonly inside: Values }

const depthChanges: ReadonlyMap<string, number> = new Map([
  ['dict', 1],
  ['array', 1],
  ['/dict', -1],
  ['/array', -1],
])

/** Each tag with the text behind it; comments and CDATA sections are none. */
function* elementsOf(text: string): Generator<{ readonly tag: string; readonly content: string }> {
  let at = text.indexOf('<')
  while (at >= 0) {
    const behind = behindAside(text, at)
    const end = text.indexOf('>', at)
    if (behind === undefined || end < 0) return
    if (behind === at) {
      const next = text.indexOf('<', end)
      const contentEnd = Math.min(next < 0 ? text.length : next, end + charsMax)
      const tag = text.slice(at + 1, Math.min(end, at + tagCharsMax)).trimEnd()
      yield { tag, content: text.slice(end + 1, contentEnd) }
    }
    at = text.indexOf('<', behind === at ? end : behind)
  }
}

/** Where a comment or a CDATA section that begins here ends; `at` where none begins, undefined where it has no end. */
function behindAside(text: string, at: number): number | undefined {
  if (text.charCodeAt(at + 1) !== exclamation) return at
  const aside = asides.find(({ open }) => text.startsWith(open, at))
  if (aside === undefined) return at
  const end = text.indexOf(aside.close, at + aside.open.length)
  return end < 0 ? undefined : end + aside.close.length
}

const asides = [
  { open: '<!--', close: '-->' },
  { open: '<![CDATA[', close: ']]>' },
] as const

function note(found: Values, key: string, value: string): void {
  const before = found.get(key)
  found.set(key, before === undefined || before === value ? value : null)
}

function stringsOf({ root, inside }: Found, keys: ReadonlySet<string>): Dict {
  const strings: DictDraft = emptyDict()
  for (const key of keys) {
    const value = root.has(key) ? root.get(key) : inside.get(key)
    if (typeof value === 'string') strings[key] = value
  }
  return strings
}

/** Identifiers and words of the protocol carry no references but perhaps an ampersand. */
const plainText = (text: string): string => legalText(text).replaceAll('&amp;', '&')

/** The longest tag of a property list has nine characters. */
const tagCharsMax = 64
/** Enough for any identifier; a longer text is none. */
const charsMax = 4_096
const exclamation = 0x21
