// `muster backup`: downloads a backup of a running server. `muster restore`: makes a data folder of it.
import { join } from 'node:path'
import type { Command } from 'commander'
import { fail, ok, type Result } from '../result.ts'
import type { Call, Shell } from './call.ts'
import { rest } from './client.ts'
import { columnsOf } from './column.ts'
import { exitCodes } from './exit-code.ts'
import type { Fault } from './fault.ts'
import { itemText, listText, type Look } from './format.ts'
import { examples } from './group.ts'
import { parseJson } from './json.ts'
import { durationMs, wholeNumber } from './options.ts'
import { harmless } from './safe-text.ts'
import type { ServeOptions } from './serve-options.ts'
import { serveOptions } from './serve-options-given.ts'

/** What touches files. Given from outside; failures are one sentence. */
export type BackupFiles = {
  /** Writes, syncs and checks the archive, and only then gives it its name. */
  readonly write: (
    path: string,
    archive: AsyncIterable<Uint8Array>,
  ) => Promise<Result<Written, string>>
  /** The name of a backup made at that time, in a folder of several. */
  readonly nameAt: (at: number) => string
  /** Removes all but the newest `keep` backups of the folder. Gives the names that went. */
  readonly prune: (folder: string, keep: number) => Promise<readonly string[]>
  readonly restore: (file: string, options: ServeOptions) => Promise<Result<Restored, string>>
}

type Facts = {
  readonly manifest: {
    readonly created_at: string
    readonly journal_seq: number
    readonly master_key_id: string
    readonly blobs_included: boolean
    readonly findings: readonly string[]
  }
  readonly end: { readonly blobs: number; readonly lost_count: number }
}

type Written = Facts & { readonly path: string; readonly bytes: number }

export type Restored = Facts & {
  readonly folder: string
  readonly incarnation: number
  readonly unknown: readonly object[]
  readonly going_on: number
  readonly damaged_hosts: readonly string[]
  readonly tokens: number
  readonly enroll_secrets: number
  readonly enrollment_links: number
}

/** A large database is copied and checked before the answer begins. */
const answerWithinMs = 3_600_000
const backupsMax = 10_000

export function addBackup(program: Command, shell: Shell, files: BackupFiles): void {
  examples(
    program
      .command('backup')
      .description('download a backup of everything the server keeps, but the master key')
      .argument('<file>', 'the file to write; a folder with --every or --keep')
      .option('--no-blobs', 'leave out the blobs: large command bodies, results and profiles')
      .option('--every <duration>', 'make another one this often, until it is ended', durationMs)
      .option('--keep <n>', 'keep so many in the folder', wholeNumber(1, backupsMax))
      .action(shell.runs((call) => backUp(call, files))),
    'muster backup muster.tar',
    'muster backup /mnt/backups --every 6h --keep 7',
  )
}

export function addRestore(program: Command, shell: Shell, files: BackupFiles): void {
  examples(
    program
      .command('restore')
      .description('make a new data folder of a backup, for a server to start on')
      .argument('<file>', 'what muster backup wrote')
      .option('--data <folder>', 'a new or empty folder (default ./data) [MUSTER_DATA]')
      .option(
        '--master-key-file <file>',
        'the key the server was run with; else master.key in the folder [MUSTER_MASTER_KEY, MUSTER_MASTER_KEY_FILE]',
      )
      .action(shell.runs((call) => restore(call, files))),
    'muster restore muster.tar --data /var/lib/muster --master-key-file master.key',
  )
}

async function backUp(call: Call, files: BackupFiles): Promise<Result<number, Fault>> {
  const { options, args, io, signal } = call
  const [target = ''] = args
  const [everyMs, keep] = [options.number('every'), options.number('keep')]
  if (everyMs === undefined && keep === undefined) return once(call, files, { path: target })
  for (;;) {
    const made = await once(call, files, { path: join(target, files.nameAt(io.now())), keep })
    if (everyMs === undefined) return made
    if (!made.ok) {
      if (made.error.kind === 'ended') return made
      await call.tell(`muster: the backup failed and is tried again in ${everyMs / 1_000} s.`)
    }
    const rested = await rest(everyMs, signal)
    if (!rested.ok) return rested
  }
}

async function once(
  call: Call,
  files: BackupFiles,
  { path, keep }: { readonly path: string; readonly keep?: number | undefined },
): Promise<Result<number, Fault>> {
  const client = call.client()
  if (!client.ok) return client
  const query = call.options.flag('blobs') ? {} : { blobs: 'false' }
  const request = { method: 'GET', path: '/backup', query, answerWithinMs } as const
  const archive = await client.value.stream(request)
  if (!archive.ok) return archive
  const written = await files.write(path, archive.value)
  if (!written.ok) return fail({ kind: 'failed', detail: written.error })
  const { manifest, end, bytes } = written.value
  await call.io.stdout.write(
    itemText(call, look, {
      file: path,
      bytes,
      created_at: manifest.created_at,
      journal_seq: manifest.journal_seq,
      blobs: end.blobs,
      blobs_included: manifest.blobs_included,
      findings: manifest.findings.length,
      lost_blobs: end.lost_count,
      master_key_id: manifest.master_key_id,
    }),
  )
  for (const line of damageLines(written.value)) await call.tell(line)
  const isSound = manifest.findings.length === 0
  // A damaged backup never takes the place of a sound one.
  if (keep !== undefined && isSound) await files.prune(join(path, '..'), keep)
  await call.tell(
    `The backup is sealed with the master key ${manifest.master_key_id}, which is not in it.`,
  )
  return ok(exitCodes.ok)
}

const look: Look = {
  name: 'file',
  columns: columnsOf(
    'FILE: file',
    'BYTES: bytes',
    'MADE: @created_at',
    'JOURNAL SEQ: journal_seq',
    'BLOBS: blobs',
  ),
}

function damageLines({ manifest, end }: Facts): readonly string[] {
  return [
    ...(manifest.findings.length === 0
      ? []
      : [
          `The database was damaged in ${manifest.findings.length} places when the backup was made, such as: ${harmless(manifest.findings[0] ?? '')}`,
        ]),
    ...(end.lost_count === 0
      ? []
      : [`${end.lost_count} blobs were missing or damaged and are not in the backup.`]),
    ...(manifest.blobs_included ? [] : ['The blobs are not in the backup.']),
  ]
}

async function restore(call: Call, files: BackupFiles): Promise<Result<number, Fault>> {
  const restored = await files.restore(call.args[0] ?? '', serveOptions(call))
  if (!restored.ok) return fail({ kind: 'failed', detail: restored.error })
  const { unknown, manifest } = restored.value
  // Plain data: as JSON it is what every format shows.
  const items = unknown.flatMap((command) => parseJson(JSON.stringify(command)) ?? [])
  const { manifest: _manifest, end: _end, ...facts } = restored.value
  const envelope = parseJson(
    JSON.stringify({ ...facts, made_at: manifest.created_at, journal_seq: manifest.journal_seq }),
  )
  const isShown = items.length > 0 || call.format === 'json' || call.format === 'yaml'
  if (isShown)
    await call.io.stdout.write(listText(call, unknownLook, { items, envelope: envelope ?? null }))
  for (const line of [...damageLines(restored.value), ...restoredLines(restored.value)])
    await call.tell(harmless(line))
  return ok(exitCodes.ok)
}

const unknownLook: Look = {
  name: 'command_uuid',
  columns: columnsOf(
    'COMMAND: command_uuid',
    'TYPE: request_type',
    'WAS: was',
    'HOST: host_id',
    'SERIAL: serial',
  ),
}

function restoredLines(restored: Restored): readonly string[] {
  const { folder, manifest, unknown, going_on, damaged_hosts, incarnation } = restored
  const { tokens, enroll_secrets, enrollment_links } = restored
  return [
    `${folder} holds everything from before ${manifest.created_at} (journal ${manifest.journal_seq}). It is incarnation ${incarnation} of this data.`,
    unknown.length === 0
      ? 'No open command was of a kind that must not run twice.'
      : `${unknown.length} open commands must not run twice and may have run since: they are unknown now and are not sent again. Look at the devices, then send them anew if needed.`,
    ...(going_on === 0
      ? []
      : [`${going_on} other open commands go on, so some of them may be sent a second time.`]),
    ...(damaged_hosts.length === 0
      ? []
      : [`${damaged_hosts.length} hosts cannot be read and stay as they are: run muster check.`]),
    `Deleted since the backup or not, these are valid again: ${tokens} tokens, ${enroll_secrets} enroll secrets, ${enrollment_links} enrollment links. Delete those that must not be.`,
    'The master key was not written: start the server with the same key, or put it in master.key in the folder with mode 0600.',
  ]
}
