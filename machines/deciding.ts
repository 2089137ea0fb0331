// How an action is written that decides which further actions follow.
import { enqueueActions, type EventObject } from 'xstate'
import type { commandMachine } from './command.ts'
import type { Children } from './conversation.ts'
import type { EffectAction } from './effects.ts'
import type { HostContext } from './host-context.ts'
import type { HostEvent } from './host-events.ts'

/** The host's children, as the actions of a running host see them. */
export const childrenOf = (self: { readonly getSnapshot: () => unknown }): Children =>
  (self.getSnapshot() as { readonly children: Children }).children

type Command = {
  readonly src: 'command'
  readonly logic: typeof commandMachine
  readonly id: string | undefined
}

type Deciding<Params> = typeof enqueueActions<
  HostContext,
  HostEvent,
  Params,
  HostEvent,
  Command,
  EffectAction,
  never,
  never,
  EventObject
>

/** An action that decides which further actions follow, effects among them. */
export const deciding = <Params>(
  decide: Parameters<Deciding<Params>>[0],
): ReturnType<Deciding<Params>> =>
  enqueueActions<
    HostContext,
    HostEvent,
    Params,
    HostEvent,
    Command,
    EffectAction,
    never,
    never,
    EventObject
  >(decide)
