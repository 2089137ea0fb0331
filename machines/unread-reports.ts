// What a host does with reports that cannot be read, or that do not say how which command went.
import { type CommandEvent, isLastUnread } from './command.ts'
import { type Children, lastSent, openCommand } from './conversation.ts'
import { childrenOf, deciding } from './deciding.ts'
import type { CommandReport, UnreadReport } from './host-events.ts'
import { restWithout } from './waking.ts'

/** What the device said of the command was found; the rest of its report may be cut or mended. */
export const noteUnread = deciding(
  ({ enqueue }, { commandUUID, unread }: Pick<CommandReport, 'commandUUID' | 'unread'>) => {
    if (unread === undefined) return
    const detail = { reason: unread, command: commandUUID }
    enqueue({ type: 'note', params: { event: 'mdm.unread_report', detail } })
  },
)

/** After a few such reports the command in question is never offered again. */
export const takeUnread = deciding(({ enqueue, self }, said: UnreadReport) => {
  const { channel, commandUUID, reason } = said
  const children = childrenOf(self)
  const about =
    commandUUID === null ? lastSent(children, channel) : openCommand(children, commandUUID)
  const command = about?.context.commandUUID ?? null
  const detail = { reason, command }
  enqueue({ type: 'note', params: { event: said.type, detail } })
  if (about !== undefined) {
    const { context } = about
    enqueue.sendTo(context.commandUUID, { type: 'report_unread' } satisfies CommandEvent)
    if (isLastUnread(context))
      for (const rest of restWithout([about], children, context.channel)) enqueue(rest)
  }
})

type Spoken = {
  readonly channel: string
  readonly after: string
  readonly except: string | null
}

/** The command a device has just reported on, or failed to: offered now, it would come back at once. */
export function exceptOf(children: Children, { channel, after, except }: Spoken): string | null {
  const unread = after === 'unread' ? lastSent(children, channel) : undefined
  return except ?? unread?.context.commandUUID ?? null
}
