/** Enough of a hash to tell two apart, too little to look anything up by. */
export const shortHash = (hash: string): string => hash.slice(0, 12)

/** A machine's context as anyone may see it: it holds references instead of secrets, and of hashes the beginnings. */
export function shownContext(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shownContext)
  if (typeof value === 'string') return isHash(value) ? shortHash(value) : value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      isHash(key) ? shortHash(key) : key,
      shownContext(item),
    ]),
  )
}

const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)
