import { Gauge, type Registry } from 'prom-client'
import type { Backups } from '../backup/backups.ts'

export type BackupsWatched = { readonly backups: Pick<Backups, 'list'> }

/** How old the last backup is, and whether the last try failed, by kind. Nothing before the first try. */
export function watchBackups({ backups }: BackupsWatched, registers: Registry[]): void {
  new Gauge({
    name: 'muster_backup_last_success_timestamp_seconds',
    help: 'When the last backup that succeeded was made, by kind: schedule or download.',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset()
      for (const { kind, at } of backups.list()) if (at !== null) this.set({ kind }, at / 1_000)
    },
  })
  new Gauge({
    name: 'muster_backup_failing',
    help: '1 when the last backup of the kind failed.',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset()
      for (const { kind, failed_at } of backups.list())
        this.set({ kind }, failed_at === null ? 0 : 1)
    },
  })
}
