// What a host can do, by name; `host.ts` says when.
import type { CommandEvent, CommandOutput } from './command.ts'
import {
  awaitsNewRound,
  type Children,
  lostCommands,
  nextCommand,
  openCommand,
  openCommands,
  openOn,
} from './conversation.ts'
import { childrenOf, deciding } from './deciding.ts'
import { type DepDevice, openCommandsMax, type SaidFacts, type Source } from './host-context.ts'
import { withoutAgents } from './agents.ts'
import { learn } from './facts.ts'
import type {
  Enqueue,
  Parts,
  Pushed,
  PushReady,
  PushRefused,
  StrayReport,
  TokenUpdate,
} from './host-events.ts'
import { learning } from './host-learning.ts'
import { lifeBegan, nextRound, withAddressFault, withoutDevices } from './host-updates.ts'
import { noteTopic } from './push-topic.ts'
import { exceptOf, noteUnread, takeUnread } from './unread-reports.ts'
import {
  channelOfAlarm,
  isAddressDead,
  noTimer,
  notingOn,
  restAfter,
  restWithout,
  wakeForDeferred,
  wakeForNew,
  wakeForSilence,
  wakeForWaiting,
  watchFor,
} from './waking.ts'

type Talk = { readonly channel: string; readonly at: number }

type Report = { readonly channel: string; readonly commandUUID: string }

/** A channel speaks for its own open commands only: a user may not settle what the device was asked. */
const isAbout = (children: Children, { channel, commandUUID }: Report): boolean =>
  openCommand(children, commandUUID)?.context.channel === channel

/** Actions that talk: to the host's commands, to whoever asked, to the journal. */
export const hostSetup = learning.extend({
  guards: {
    channelKnown: ({ context }, { channel }: { readonly channel: string }) =>
      Object.hasOwn(context.channels, channel),
    channelUnsaid: (_, { channel }: { readonly channel: string | null }) => channel === null,
    mayReceive: ({ context }, { channel }: { readonly channel: string }) =>
      !context.quarantined && Object.hasOwn(context.channels, channel),
    /** By the form of its key: a user we never met may leave, and must not take the computer along. */
    isUserChannel: (_, { channel }: { readonly channel: string }) => channel.includes(':'),
    isDeviceChannel: (_, { kind }: Pick<TokenUpdate, 'kind'>) => kind === 'device',
    awaitsConfiguration: (_, said: Pick<TokenUpdate, 'kind' | 'awaitingConfiguration'>) =>
      said.kind === 'device' && said.awaitingConfiguration === true,
    isConfigured: (_, said: Pick<TokenUpdate, 'kind' | 'awaitingConfiguration'>) =>
      said.kind === 'device' && said.awaitingConfiguration === false,
    wasErased: (_, { requestType, state }: CommandOutput) =>
      requestType === 'EraseDevice' && state === 'acknowledged',
    wasDeviceConfigured: (_, { requestType, state }: CommandOutput) =>
      requestType === 'DeviceConfigured' && state === 'acknowledged',
    bringsDevices: (_, { parts }: { readonly parts: Parts }) =>
      Object.keys(parts.depDevices).length > 0,
    deviceIsNews: ({ context }, { device }: { readonly device: DepDevice }) =>
      JSON.stringify(context.depDevices[device.serial_number]?.raw) !== JSON.stringify(device.raw),
    deviceListed: ({ context }, { serial }: { readonly serial: string }) =>
      Object.hasOwn(context.depDevices, serial),
    noDeviceLeft: ({ context }, { serials }: { readonly serials: readonly string[] }) =>
      Object.keys(withoutDevices(context, serials).depDevices).length === 0,
    agentKnown: ({ context }, { keyHash }: { readonly keyHash: string }) =>
      Object.hasOwn(context.agents, keyHash),
    noAgentLeft: ({ context }, { keyHashes }: { readonly keyHashes: readonly string[] | null }) =>
      Object.keys(withoutAgents(context, keyHashes).agents ?? {}).length === 0,
    releasesMdm: ({ context }, { parts }: { readonly parts: Parts }) =>
      Object.keys(parts.mdm?.channels ?? {}).some((key) => Object.hasOwn(context.channels, key)),
    /** The other's MDM life is in that state, and began after ours if we have one. */
    bringsMdm: (
      { context },
      {
        parts,
        state,
      }: {
        readonly parts: Parts
        readonly state: 'authenticated' | 'awaiting_configuration' | 'ready' | 'erased'
      },
    ) => parts.mdm?.state === state && lifeBegan(parts.mdm.channels) > lifeBegan(context.channels),
    bringsAgents: (_, { parts }: { readonly parts: Parts }) => Object.keys(parts.agents).length > 0,
  },
  actions: {
    learnFacts: deciding(
      (
        { context, enqueue },
        said: { readonly facts: SaidFacts; readonly source: Source; readonly at: number },
      ) => {
        const { facts: words, source, at } = said
        const learned = learn(context, words, { source, at })
        if (learned === undefined) return
        const { facts, agentFacts, changed, disputed } = learned
        enqueue.assign({ facts, agentFacts })
        if (Object.keys(changed).length > 0)
          enqueue({ type: 'note', params: { event: 'facts.changed', detail: changed } })
        if (Object.keys(disputed).length > 0)
          enqueue({ type: 'note', params: { event: 'facts.disputed', detail: disputed } })
      },
    ),
    /** Another serial number beside those it is listed under moves no state, so a note tells of it. */
    noteListed: deciding(({ context, enqueue }, { device }: { readonly device: DepDevice }) => {
      const { serial_number } = device
      const serials = Object.keys(context.depDevices)
      if (serials.length === 0 || serials.includes(serial_number)) return
      enqueue({ type: 'note', params: { event: 'dep.assigned', detail: { serial_number } } })
    }),
    /** What was sealed for the life that ends is of no use to the next, and to nobody else. */
    dropSecrets: deciding(({ context, enqueue }) => {
      const { channels, unlockTokenRef, bootstrapTokenRef } = context
      const pushRefs = Object.values(channels).map(({ pushRef }) => pushRef)
      for (const ref of [...pushRefs, unlockTokenRef, bootstrapTokenRef])
        if (ref !== null) enqueue({ type: 'secret.drop', params: { ref } })
    }),
    supersedeCommands: deciding(({ enqueue, self }) => {
      for (const { context } of openCommands(childrenOf(self)))
        enqueue.sendTo(context.commandUUID, { type: 'supersede' } satisfies CommandEvent)
    }),
    /** The user is gone, and with it whoever could have taken these. */
    supersedeOn: deciding(({ enqueue, self }, { channel }: { readonly channel: string }) => {
      for (const { context } of openOn(childrenOf(self), channel))
        enqueue.sendTo(context.commandUUID, { type: 'supersede' } satisfies CommandEvent)
    }),
    /** Answers a talking channel with its next command, or nothing. */
    converse: deciding(
      (
        { context, enqueue, self },
        said: Talk & {
          readonly after: 'idle' | 'report' | 'unread' | 'NotNow'
          readonly except: string | null
        },
      ) => {
        // Another computer may be talking: what was meant for this one must not reach it.
        if (context.quarantined) return enqueue({ type: 'reply', params: { kind: 'nothing' } })
        const children = childrenOf(self)
        let round = context.channels[said.channel]?.round ?? 0
        if (said.after !== 'NotNow' && awaitsNewRound(children, said.channel, round)) {
          enqueue.assign(nextRound(context, said.channel))
          round += 1
        }
        const lost = said.after === 'idle' ? lostCommands(children, said.channel) : []
        for (const { context: gone } of lost)
          enqueue.sendTo(gone.commandUUID, { type: 'report_lost' } satisfies CommandEvent)
        for (const rest of restWithout(lost, children, said.channel)) enqueue(rest)
        const next = nextCommand(children, { ...said, round, except: exceptOf(children, said) })
        if (next === undefined) return enqueue({ type: 'reply', params: { kind: 'nothing' } })
        const { commandUUID } = next.context
        enqueue.sendTo(commandUUID, { type: 'offer', at: said.at } satisfies CommandEvent)
        enqueue({ type: 'reply', params: { kind: 'command', commandUUID } })
      },
    ),
    /** Hands a report to the command it is about. */
    tell: deciding(({ enqueue, self }, said: Report & { readonly event: CommandEvent }) => {
      const { commandUUID, event } = said
      if (isAbout(childrenOf(self), said)) return enqueue.sendTo(commandUUID, event)
      // It was open when the report came in, and over when its turn came.
      const detail = { commandUUID, status: event.type, standing: 'finished', differs: true }
      enqueue({ type: 'note', params: { event: 'mdm.stray_report', detail } })
    }),
    defer: deciding(({ context, enqueue, self }, said: Report & Talk) => {
      const { channel, commandUUID, at } = said
      const children = childrenOf(self)
      if (!isAbout(children, said)) return
      const round = context.channels[channel]?.round ?? 0
      enqueue.sendTo(commandUUID, { type: 'NotNow', round, at } satisfies CommandEvent)
      for (const wake of wakeForDeferred(context, children, said)) enqueue(wake)
    }),
    noteStray: deciding(({ enqueue }, said: StrayReport) => {
      const { commandUUID, status, standing, differs } = said
      enqueue({
        type: 'note',
        params: { event: said.type, detail: { commandUUID, status, standing, differs } },
      })
    }),
    noteTopic,
    noteUnread,
    takeUnread,
    enqueueCommand: deciding(({ context, enqueue, self }, said: Enqueue) => {
      const children = childrenOf(self)
      if (openCommand(children, said.commandUUID) !== undefined)
        return enqueue({ type: 'reply', params: { kind: 'refused', reason: 'exists' } })
      if (openCommands(children).length >= openCommandsMax)
        return enqueue({ type: 'reply', params: { kind: 'refused', reason: 'full' } })
      const { type: _type, at: createdAt, silent = false, ...wish } = said
      enqueue.spawnChild('command', { id: said.commandUUID, input: { ...wish, silent, createdAt } })
      if (!silent) for (const wake of wakeForNew(context, children, said)) enqueue(wake)
      enqueue({ type: 'reply', params: { kind: 'done' } })
    }),
    cancelCommand: deciding(({ enqueue, self }, said: { readonly commandUUID: string }) => {
      const command = openCommand(childrenOf(self), said.commandUUID)
      if (command?.value !== 'queued' && command?.value !== 'pushed')
        return enqueue({
          type: 'reply',
          params: { kind: 'refused', reason: command?.value ?? 'not open' },
        })
      enqueue.sendTo(said.commandUUID, { type: 'cancel' } satisfies CommandEvent)
      enqueue({ type: 'reply', params: { kind: 'done' } })
    }),
    /** It would be offered again at each Idle, and none behind it ever. */
    failCommand: deciding(({ enqueue, self }, said: { readonly commandUUID: string }) => {
      if (openCommand(childrenOf(self), said.commandUUID) === undefined) return
      enqueue.sendTo(said.commandUUID, { type: 'request_lost' } satisfies CommandEvent)
    }),
    /** What must not run twice may have been sent since the backup, and nothing wakes a channel for it any more. */
    doubtCommands: deciding(({ context, enqueue, self }) => {
      const children = childrenOf(self)
      const doubted = openCommands(children).filter((command) => !command.context.repeatable)
      for (const { context: command } of doubted)
        enqueue.sendTo(command.commandUUID, { type: 'restored' } satisfies CommandEvent)
      for (const channel of Object.keys(context.channels)) {
        const ofChannel = doubted.filter((command) => command.context.channel === channel)
        for (const rest of restWithout(ofChannel, children, channel)) enqueue(rest)
      }
    }),
    markPushed: deciding(({ context, enqueue, self }, { channel, at, apnsId }: Pushed) => {
      const children = childrenOf(self)
      const noting = notingOn(children, channel)
      for (const { context: command } of noting)
        enqueue.sendTo(command.commandUUID, { type: 'push', at, apnsId } satisfies CommandEvent)
      // Commands that move leave their own lines.
      if (noting.length > 0 && noting.every(({ value }) => value !== 'queued'))
        enqueue({ type: 'note', params: { event: 'apns.pushed', detail: { channel, apnsId } } })
      if ((context.channels[channel]?.addressFault ?? null) === null) return
      enqueue.assign(withAddressFault(context, channel, null))
      for (const watch of watchFor(children, { channel, at })) enqueue(watch)
    }),
    noteRefusal: deciding(({ context, enqueue, self }, said: PushRefused) => {
      const { channel, at, reason, status, certificateAt } = said
      for (const { context: command } of notingOn(childrenOf(self), channel)) {
        const event: CommandEvent = { type: 'push_refused', at, reason }
        enqueue.sendTo(command.commandUUID, event)
      }
      enqueue({ type: 'note', params: { event: said.type, detail: { channel, reason, status } } })
      if (!isAddressDead(context.channels, said) || certificateAt === null) return
      enqueue.assign(withAddressFault(context, channel, { reason, at, certificateAt }))
      enqueue(noTimer(channel))
    }),
    /** What waits on this channel is woken for, if it can be. */
    wakeChannel: deciding(({ context, enqueue, self }, said: Talk) => {
      for (const wake of wakeForWaiting(context, childrenOf(self), said)) enqueue(wake)
    }),
    wakeTopic: deciding(({ context, enqueue, self }, said: PushReady) => {
      for (const { key, topic } of Object.values(context.channels)) {
        if (topic !== said.topic) continue
        const talk = { channel: key, at: said.at }
        for (const wake of wakeForWaiting(context, childrenOf(self), talk)) enqueue(wake)
      }
    }),
    /** Its output says which channel it was for. */
    letRest: deciding(
      ({ enqueue, self }, done: { readonly id: string; readonly channel: string }) => {
        for (const rest of restAfter(childrenOf(self), done)) enqueue(rest)
      },
    ),
    ring: deciding(
      ({ context, enqueue, self }, said: { readonly name: string; readonly at: number }) => {
        const children = childrenOf(self)
        const channel = channelOfAlarm(said.name)
        if (channel !== undefined)
          for (const wake of wakeForSilence(context, children, { channel, at: said.at }))
            enqueue(wake)
        const commandUUID = said.name.replace(/^expire:/, '')
        if (openCommand(children, commandUUID) !== undefined)
          enqueue.sendTo(commandUUID, { type: 'expire' } satisfies CommandEvent)
      },
    ),
  },
})
