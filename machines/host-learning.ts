import { assign, setup, stopChild } from 'xstate'
import { withAgent, withAgentsOf, withDetails, withoutAgents } from './agents.ts'
import { commandMachine } from './command.ts'
import { effects } from './effects.ts'
import { joined } from './facts.ts'
import type { Agent, DepDevice, FactName, HostContext, Identity } from './host-context.ts'
import type { Authenticate, HostEvent, Parts, TokenUpdate } from './host-events.ts'
import {
  endEnrollment,
  mdmOf,
  startEpoch,
  withDevices,
  withIdentity,
  withoutFacts,
  withoutChannel,
  withoutDevices,
  withToken,
} from './host-updates.ts'

/** What a host can learn and forget: each action replaces some fields of its context. */
export const learning = setup({
  types: {
    context: {} as HostContext,
    input: {} as { readonly id: string; readonly at: number },
    events: {} as HostEvent,
  },
  actors: { command: commandMachine },
  actions: {
    ...effects,
    startEpoch: assign(({ context }, said: Authenticate) => startEpoch(context, said)),
    learnToken: assign(({ context }, said: TokenUpdate) => withToken(context, said)),
    endEnrollment: assign(endEnrollment),
    forgetChannel: assign(({ context }, { channel }: { readonly channel: string }) =>
      withoutChannel(context, channel),
    ),
    learnIdentity: assign(
      (
        { context },
        said: { readonly identity: Partial<Identity>; readonly quarantined: boolean },
      ) => withIdentity(context, said),
    ),
    learnDevice: assign(({ context }, { device }: { readonly device: DepDevice }) =>
      withDevices(context, { [device.serial_number]: device }),
    ),
    forgetDevices: assign(({ context }, { serials }: { readonly serials: readonly string[] }) =>
      withoutDevices(context, serials),
    ),
    learnAgent: assign(
      (
        { context },
        said: {
          readonly agent: Agent
          readonly graceUntil: number
          readonly speaking: readonly string[]
        },
      ) => withAgent(context, said.agent, said),
    ),
    stampDetails: assign(({ context }, said: { readonly keyHash: string; readonly at: number }) =>
      withDetails(context, said.keyHash, said.at),
    ),
    forgetAgents: assign(({ context }, said: { readonly keyHashes: readonly string[] | null }) =>
      withoutAgents(context, said.keyHashes),
    ),
    absorbMdm: assign((_, said: { readonly parts: Parts }) => mdmOf(said.parts)),
    absorbAgents: assign(({ context }, said: { readonly parts: Parts }) =>
      withAgentsOf(context, said.parts),
    ),
    keepBootstrapToken: assign((_, said: { readonly ref: string | null }) => ({
      bootstrapTokenRef: said.ref,
    })),
    countStray: assign({ strays: ({ context }) => context.strays + 1 }),
    freeChild: stopChild((_, { id }: { readonly id: string }) => id),
    absorbDevices: assign(({ context }, said: { readonly parts: Parts }) =>
      withDevices(context, said.parts.depDevices),
    ),
    mergeFacts: assign(
      (
        { context },
        said: {
          readonly facts: HostContext['facts']
          readonly forget: readonly FactName[]
        },
      ) => ({ facts: withoutFacts(joined(context.facts, said.facts), said.forget) }),
    ),
    settle: assign((_, said: { readonly identity: Identity; readonly quarantined: boolean }) => ({
      identity: said.identity,
      quarantined: said.quarantined,
    })),
  },
})
