// A command as lists show it.
import { z } from '@hono/zod-openapi'
import type { CommandSnapshot } from '../../../machines/command.ts'
import type { CommandRow } from '../../../storage/rows.ts'
import { type DueClock, dueIso } from './due-time.ts'
import { iso, time } from './fields.ts'

export const commandItem = z
  .object({
    command_uuid: z.string(),
    host_id: z.string(),
    channel: z.string(),
    request_type: z.string(),
    state: z.string(),
    open: z.boolean(),
    priority: z.int(),
    created_at: time,
    expires_at: time,
  })
  .openapi('Command')

export type CommandItem = z.input<typeof commandItem>

export const itemOfRow = (clock: DueClock, row: CommandRow): CommandItem => ({
  command_uuid: row.command_uuid,
  host_id: row.host_id,
  channel: row.channel,
  request_type: row.request_type,
  state: row.state,
  open: row.open === 1,
  priority: row.priority,
  created_at: iso(row.created_at),
  expires_at: dueIso(clock, row.expires_at),
})

export const itemOfContext = (
  clock: DueClock,
  hostId: string,
  { value, status, context }: CommandSnapshot,
): CommandItem => ({
  command_uuid: context.commandUUID,
  host_id: hostId,
  channel: context.channel,
  request_type: context.requestType,
  state: value,
  open: status === 'active',
  priority: context.priority,
  created_at: iso(context.createdAt),
  expires_at: dueIso(clock, context.expiresAt),
})
