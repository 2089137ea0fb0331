/** The largest property list we take. Every limit fails the whole body; nothing is cut short. */
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

/** For property lists that are written again: what operators send to devices. */
export const keptLimits: PlistLimits = { ...plistLimits, keepsReals: true }
