import type { FileHandle } from 'node:fs/promises'
import { lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncPath } from './sync.ts'

export type RotationOptions = {
  readonly folder: string
  readonly name: string
  /** The open one included. */
  readonly filesMax: number
}

/** The open end of a log. `size` is what is known to be on disk. */
export type Tail = { readonly file: FileHandle; readonly size: number }

/**
 * Opens `<name>.ndjson` at its end. A last line that a crash cut short gets its line break, so that it spoils
 * no other line; nobody was told it had been kept.
 */
export async function openTail({ folder, name }: RotationOptions): Promise<Tail> {
  const file = await open(join(folder, `${name}.ndjson`), 'a+', 0o600)
  try {
    let { size } = await file.stat()
    const last = Buffer.alloc(1)
    if (size > 0) await file.read(last, 0, 1, size - 1)
    if (size > 0 && last[0] !== lineBreak) {
      await file.appendFile('\n')
      size += 1
    }
    await file.datasync()
    await syncPath(folder)
    return { file, size }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Renames the full file to `<name>.<number>.ndjson`, opens a fresh one, and removes the oldest beyond the limit.
 * Numbers only grow, so names sort by age and a reader that follows one never sees it change.
 */
export async function setAside(full: Tail, options: RotationOptions): Promise<Tail> {
  const { folder, name, filesMax } = options
  await full.file.close()
  const kept = await numbersOf(folder, name)
  const number = (kept.at(-1) ?? 0) + 1
  await rename(join(folder, `${name}.ndjson`), join(folder, asideName(name, number)))
  const tail = await openTail(options)
  const surplus = [...kept, number].slice(0, -Math.max(1, filesMax - 1))
  for (const old of surplus) await rm(join(folder, asideName(name, old)), { force: true })
  return tail
}

/** Removes full files last written before that time. Gives how many. */
export async function dropOldLogs(folder: string, before: number): Promise<number> {
  let count = 0
  for (const name of await readdir(folder)) {
    if (!/^(?:result|status|other)\.\d{8,15}\.ndjson$/.test(name)) continue
    const found = await lstat(join(folder, name))
    if (!found.isFile() || found.mtimeMs >= before) continue
    await rm(join(folder, name), { force: true })
    count += 1
  }
  return count
}

const lineBreak = 0x0a

const asideName = (name: string, number: number): string =>
  `${name}.${String(number).padStart(8, '0')}.ndjson`

async function numbersOf(folder: string, name: string): Promise<readonly number[]> {
  const numbers: number[] = []
  for (const file of await readdir(folder)) {
    const number = Number(/\.(?<number>\d{8,15})\.ndjson$/.exec(file)?.groups?.['number'])
    if (number > 0 && file === asideName(name, number)) numbers.push(number)
  }
  return numbers.toSorted((one, other) => one - other)
}
