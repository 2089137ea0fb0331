// Whether the write-ahead log breaks off before what was committed in it ends. SQLite itself goes on silently from
// the last commit before the break.
import { existsSync, readFileSync } from 'node:fs'

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
  const wal = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  const frames = framesOf(wal)
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

function framesOf(wal: Buffer): readonly Frame[] | undefined {
  if (wal.length < headerBytes) return undefined
  const magic = wal.readUInt32BE(0)
  if (magic >>> 1 !== 0x377f0682 >>> 1) return undefined
  const sum = createSum((magic & 1) === 1)
  sum.add(wal, 0, 24)
  if (!sum.is(wal, 24)) return undefined
  const pageBytes = wal.readUInt32BE(8)
  const salts = wal.subarray(16, 24)
  const frames: Frame[] = []
  let isRight = true
  for (
    let at = headerBytes;
    at + frameHeaderBytes + pageBytes <= wal.length;
    at += frameHeaderBytes + pageBytes
  ) {
    const isLive = wal.subarray(at + 8, at + 16).equals(salts)
    if (isRight) {
      sum.add(wal, at, at + 8)
      sum.add(wal, at + frameHeaderBytes, at + frameHeaderBytes + pageBytes)
      isRight = isLive && sum.is(wal, at + 16)
    }
    frames.push({ isRight, isLive, isCommit: wal.readUInt32BE(at + 4) !== 0 })
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
