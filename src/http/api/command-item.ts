// A command as lists show it.
import { z } from '@hono/zod-openapi'
import type { CommandSnapshot } from '../../../machines/command.ts'
import type { CommandRow } from '../../../storage/rows.ts'
import type { ApiDeps } from './deps.ts'
import { dueIso } from './due-time.ts'
import { iso, time } from './fields.ts'

export const commandItem = z
  .object({
    id: z.string().openapi({
      description: 'Unique; the CommandUUID where no other host has a command of it.',
    }),
    command_uuid: z.string().openapi({ description: 'As the device sees it.' }),
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

type ItemDeps = Pick<ApiDeps, 'commands' | 'world'>

export const itemOfRow = ({ commands, world }: ItemDeps, row: CommandRow): CommandItem => ({
  id: row.command_uuid,
  command_uuid: commands.uuidOf(row.command_uuid),
  host_id: row.host_id,
  channel: row.channel,
  request_type: row.request_type,
  state: row.state,
  open: row.open === 1,
  priority: row.priority,
  created_at: iso(row.created_at),
  expires_at: dueIso(world, row.expires_at),
})

export const itemOfContext = (
  { commands, world }: ItemDeps,
  hostId: string,
  { value, status, context }: CommandSnapshot,
): CommandItem => ({
  id: context.commandUUID,
  command_uuid: commands.uuidOf(context.commandUUID),
  host_id: hostId,
  channel: context.channel,
  request_type: context.requestType,
  state: value,
  open: status === 'active',
  priority: context.priority,
  created_at: iso(context.createdAt),
  expires_at: dueIso(world, context.expiresAt),
})
