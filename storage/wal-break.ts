// Whether the write-ahead log breaks off before what was committed in it ends. SQLite itself goes on silently from
// the last commit before the break.
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24

export type WalBreak = {
  /** The first frame that is not as it was written, counted from 1. */
  readonly frame: number
  /** Frames of the same log behind it. */
  readonly behind: number
}

/**
 * The break that is more than a last write cut short by the end of the process or of power: behind it a whole
 * transaction ends, and another begins. Each was on the disk before the next began, so both were acknowledged.
 *
 * Undefined where there is none, or no log. A log whose header makes no sense is not judged here: a header is also
 * torn where power ends while the log begins anew.
 */
export function walBreakIn(path: string): WalBreak | undefined {
  const frames = existsSync(path) ? framesIn(path) : undefined
  if (frames === undefined) return undefined
  const firstBad = frames.findIndex(({ isRight }) => !isRight)
  if (firstBad < 0) return undefined
  const behind = frames.slice(firstBad).filter(({ isLive }) => isLive)
  const ends = behind.findIndex(({ isCommit }) => isCommit)
  return ends >= 0 && ends < behind.length - 1
    ? { frame: firstBad + 1, behind: behind.length }
    : undefined
}

type Frame = {
  /** Its checksum follows from all before it. */
  readonly isRight: boolean
  /** Of this log, and not of a former one whose place it takes. */
  readonly isLive: boolean
  readonly isCommit: boolean
}

function framesIn(path: string): readonly Frame[] | undefined {
  const file = openSync(path, 'r')
  try {
    return framesOf(file)
  } finally {
    closeSync(file)
  }
}

/** A frame at a time: a log that grew while a backup was made may be larger than what can be read at once. */
function framesOf(file: number): readonly Frame[] | undefined {
  const header = Buffer.alloc(headerBytes)
  if (readSync(file, header, 0, headerBytes, 0) < headerBytes) return undefined
  const magic = header.readUInt32BE(0)
  if (magic >>> 1 !== 0x377f0682 >>> 1) return undefined
  const sum = createSum((magic & 1) === 1)
  sum.add(header, 0, 24)
  if (!sum.is(header, 24)) return undefined
  const frame = Buffer.alloc(frameHeaderBytes + header.readUInt32BE(8))
  const salts = header.subarray(16, 24)
  const { size } = fstatSync(file)
  const frames: Frame[] = []
  let isRight = true
  for (let at = headerBytes; at + frame.length <= size; at += frame.length) {
    readSync(file, frame, 0, frame.length, at)
    const isLive = frame.subarray(8, 16).equals(salts)
    if (isRight) {
      sum.add(frame, 0, 8)
      sum.add(frame, frameHeaderBytes, frame.length)
      isRight = isLive && sum.is(frame, 16)
    }
    frames.push({ isRight, isLive, isCommit: frame.readUInt32BE(4) !== 0 })
  }
  return frames
}

/** SQLite's running sum over pairs of words, in the byte order of who began the log. */
function createSum(isBigEndian: boolean) {
  let [one, two] = [0, 0]
  return {
    add(bytes: Buffer, from: number, to: number): void {
      for (let at = from; at < to; at += 8) {
        const [left, right] = isBigEndian
          ? [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
          : [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
        one = (one + left + two) >>> 0
        two = (two + right + one) >>> 0
      }
    },
    is: (bytes: Buffer, at: number): boolean =>
      bytes.readUInt32BE(at) === one && bytes.readUInt32BE(at + 4) === two,
  }
}
