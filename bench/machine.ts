// What the figures were measured on.
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import * as os from 'node:os'
import { join } from 'node:path'
import type { Bench } from './figure.ts'

export function machineText(folder: string): string {
  const [cpu] = os.cpus()
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(0)} GiB`
  return [
    `${os.cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}`,
    `${gib(os.totalmem())} of memory`,
    `${os.type()} ${os.release()}`,
    `Node ${process.versions.node}`,
    `data on ${filesystem(folder)}`,
    `load ${os.loadavg()[0]?.toFixed(1)} at the start`,
  ].join(' · ')
}

/** By the magic number `statfs` gives. On tmpfs an fsync costs nothing, and so proves nothing. */
const filesystems: Readonly<Record<number, string>> = {
  0x01021994: 'tmpfs (no real fsync)',
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlayfs',
}

function filesystem(folder: string): string {
  const { type } = statfsSync(folder)
  return filesystems[type] ?? `a filesystem of type 0x${type.toString(16)}`
}

/** One page as SQLite writes it, and how many of them a log takes before it begins again. */
const page = new Uint8Array(4096)
const pages = 1_000

/** How often a second the disk confirms one page, in a file that is there already: the bound on groups of commits. */
export const fsync: Bench = {
  name: 'fsync',
  async run({ folder, seconds }) {
    const own = mkdtempSync(join(folder, 'muster-fsync-'))
    const file = openSync(join(own, 'pages'), 'w')
    writeSync(file, new Uint8Array(page.length * pages))
    fdatasyncSync(file)
    const start = performance.now()
    let count = 0
    while (performance.now() - start < seconds * 1000) {
      writeSync(file, page, 0, page.length, (count % pages) * page.length)
      fdatasyncSync(file)
      count += 1
    }
    const value = count / ((performance.now() - start) / 1000)
    closeSync(file)
    rmSync(own, { recursive: true })
    return [{ what: 'Disk: 4 kB written and synced', value, unit: '/s' }]
  },
}
