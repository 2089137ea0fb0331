// A disk that keeps its promises and nothing beyond: what was synced is there, of the rest a part chosen by chance.
import type { Chance } from '../../src/simulator/chance.ts'
import type { Operation } from './trace.ts'

export type Disk = {
  take(operation: Operation): void
  /** What could be found under each path if the power failed now. */
  afterPowerCut(chance: Chance): ReadonlyMap<string, Buffer>
  /** Operations that a power cut may undo now. */
  atRisk(): number
}

type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number }

/** A file apart from its name, as the kernel has it. */
type File = { readonly durable: Content; pending: Change[]; syncing: number }

/** A name and what it may mean: its folder was synced with the first, and renamed to the others since. */
type Name = { durable: File | undefined; pending: (File | undefined)[] }

/** Disks write sectors whole; whatever spans several may be torn between them. */
const sectorBytes = 512

export function createDisk(folder: string): Disk {
  const names = new Map<string, Name>()
  const current = (path: string): File | undefined => {
    const name = names.get(path)
    return name === undefined || name.pending.length === 0 ? name?.durable : name.pending.at(-1)
  }

  function takeChange(path: string, change: Change): void {
    current(path)?.pending.push(change)
  }

  function take(operation: Operation): void {
    switch (operation.kind) {
      case 'acknowledged':
        return
      case 'create':
        if (current(operation.path) === undefined)
          nameOf(operation.path).pending.push({ durable: createContent(), pending: [], syncing: 0 })
        return
      case 'unlink':
        return void nameOf(operation.path).pending.push(undefined)
      case 'write':
      case 'truncate':
        return takeChange(operation.path, operation)
      case 'sync-begins':
        return beginSync(operation.path)
      case 'sync-ends':
        return endSync(operation.path)
      default:
        throw new Error(`no such operation: ${JSON.stringify(operation satisfies never)}`)
    }
  }

  function nameOf(path: string): Name {
    const name = names.get(path) ?? { durable: undefined, pending: [] }
    names.set(path, name)
    return name
  }

  function beginSync(path: string): void {
    const file = current(path)
    if (file !== undefined) file.syncing = file.pending.length
  }

  function endSync(path: string): void {
    if (path === folder) {
      for (const name of names.values()) settle(name)
      return
    }
    const file = current(path)
    if (file === undefined) return
    for (const change of file.pending.splice(0, file.syncing)) file.durable.change(change)
  }

  return {
    take,
    afterPowerCut(chance) {
      const found = new Map<string, Buffer>()
      for (const [path, { durable, pending }] of names) {
        const file = [durable, ...pending][chance.integer(0, pending.length)]
        if (file !== undefined) found.set(path, leftOf(file, chance))
      }
      return found
    },
    atRisk: () =>
      [...names.values()].reduce(
        (sum, { durable, pending }) => sum + pending.length + (durable?.pending.length ?? 0),
        0,
      ),
  }
}

function settle(name: Name): void {
  if (name.pending.length === 0) return
  name.durable = name.pending.at(-1)
  name.pending = []
}

/** In four power cuts of ten, everything or nothing unsynced is there; in the others each change for itself. */
function leftOf({ durable, pending }: File, chance: Chance): Buffer {
  const left = createContent(durable.bytes())
  const luck = chance.fraction()
  if (luck < 0.2) return left.bytes()
  for (const change of pending) {
    const fate = luck < 0.4 ? 1 : chance.fraction()
    if (fate < 0.3) continue
    const isTorn = fate < 0.6 && change.kind === 'write'
    for (const part of isTorn ? torn(change, chance) : [change]) left.change(part)
  }
  return left.bytes()
}

/** The sectors of a write that made it: the first few, or any. */
function torn(
  { at, bytes }: Extract<Change, { kind: 'write' }>,
  chance: Chance,
): readonly Change[] {
  const parts: Change[] = []
  for (let from = 0; from < bytes.length;) {
    const to = from + sectorBytes - ((at + from) % sectorBytes)
    parts.push({ kind: 'write', at: at + from, bytes: bytes.subarray(from, to) })
    from = to
  }
  return chance.happens(0.5)
    ? parts.slice(0, chance.integer(0, parts.length))
    : parts.filter(() => chance.happens(0.5))
}

type Content = { change(change: Change): void; bytes(): Buffer }

/** Grows in place: a database is written to thousands of times. Bytes that nobody wrote are zero. */
function createContent(first: Buffer = Buffer.alloc(0)): Content {
  let room = Buffer.from(first)
  let size = first.length
  function resize(to: number): void {
    if (to < size) room.fill(0, to, size)
    if (to > room.length) room = Buffer.concat([room, Buffer.alloc(to * 2 - room.length)])
    size = to
  }
  return {
    bytes: () => room.subarray(0, size),
    change(change) {
      if (change.kind === 'truncate') return resize(change.size)
      resize(Math.max(size, change.at + change.bytes.length))
      change.bytes.copy(room, change.at)
    },
  }
}
