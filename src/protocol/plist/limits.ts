import type { Dict, PlistValue } from './value.ts'

/** The largest property list that is read. Every limit fails the whole body; nothing is cut short. */
export type PlistLimits = {
  /** Bytes of the body, and of all text and data once a binary list's shared references are spelled out. */
  readonly bytesMax: number
  /** Arrays and dictionaries inside each other. */
  readonly depthMax: number
  /** Values, the root and every container included. */
  readonly nodesMax: number
  /** UTF-16 units of one key. */
  readonly keyCharsMax: number
  /** UTF-16 units of one string. */
  readonly stringCharsMax: number
  /** Bytes of one data value. */
  readonly dataBytesMax: number
  /** Whole reals are read as `WholeReal`, so that they are written as reals again; else as numbers. */
  readonly keepsReals?: boolean
  /**
   * Reads what a strict reader refuses: characters that XML cannot carry become U+FFFD, a scalar that is not of its
   * type is read as text, and of a key that stands twice in a dictionary the last value counts. The keys named here
   * may not stand twice in the root with different values.
   */
  readonly lenient?: ReadonlySet<string>
}

/** Whether a key that stands in a dictionary already may stand there once more, before its second value is read. */
export const mayRepeat = ({ lenient }: PlistLimits): boolean => lenient !== undefined

/** The same once the second value is read. */
export const mayReplace = (
  { lenient }: PlistLimits,
  { dict, key, value, isRoot }: Entry,
): boolean => !isRoot || dict[key] === value || lenient?.has(key) !== true

type Entry = {
  readonly dict: Dict
  readonly key: string
  readonly value: PlistValue
  readonly isRoot: boolean
}

export const plistLimits: PlistLimits = {
  // The report limit: certificate, app and profile lists of a full Mac stay below 10 MB.
  bytesMax: 16 * 1024 * 1024,
  // Apple's deepest message nests below 10; 32 keeps recursion far from the end of the stack.
  depthMax: 32,
  // 2,000 apps with 30 keys each, twice what a full Mac reports; all in one dictionary they take 40 ms to read.
  nodesMax: 60_000,
  // Keys are identifiers; managed apps are listed by bundle identifier, the longest keys we know.
  keyCharsMax: 1024,
  // Long texts travel as data; a string of a million characters is nobody's name.
  stringCharsMax: 1024 * 1024,
  // What a body of 16 MB holds in base64.
  dataBytesMax: 12 * 1024 * 1024,
}

/**
 * For what a device reports: a list of 12,000 apps has 130,000 values. A million take a second to read, in a thread of
 * their own.
 */
export const reportLimits: PlistLimits = {
  ...plistLimits,
  bytesMax: 64 * 1024 * 1024,
  nodesMax: 1_000_000,
  stringCharsMax: 16 * 1024 * 1024,
  dataBytesMax: 48 * 1024 * 1024,
}

/** For a second reading of what a strict reader refuses: 4 MB of odd characters take a second. */
export const lenientLimits = (unique: ReadonlySet<string>): PlistLimits => ({
  ...reportLimits,
  bytesMax: 4 * 1024 * 1024,
  lenient: unique,
})

/** For property lists that are written again: what operators send to devices. */
export const keptLimits: PlistLimits = { ...plistLimits, keepsReals: true }
