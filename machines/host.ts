import type { SnapshotFrom } from 'xstate'
import { emptyContext } from './host-context.ts'
import type { Release, Revoke } from './host-events.ts'
import { hostSetup } from './host-setup.ts'
import {
  absorbing,
  begin,
  delisting,
  done,
  learnToken,
  letGo,
  type On,
  releasingDevices,
  revoking,
  takeIdle,
  takeReport,
  takeUnread,
} from './host-transitions.ts'

/** What a channel may say while the profile is on the device. */
const managed = hostSetup.createStateConfig({
  on: {
    'mdm.Authenticate': {
      target: '#host.mdm.authenticated',
      reenter: true,
      actions: begin,
    },
    'mdm.TokenUpdate': [
      {
        guard: { type: 'awaitsConfiguration', params: ({ event }) => event },
        target: '#host.mdm.enrolled.awaiting_configuration',
        actions: learnToken,
      },
      {
        guard: { type: 'isConfigured', params: ({ event }) => event },
        target: '#host.mdm.enrolled.ready',
        actions: learnToken,
      },
      { actions: learnToken },
    ],
    'mdm.CheckOut': [
      {
        guard: { type: 'isUserChannel', params: ({ event }) => event },
        actions: [
          { type: 'supersedeOn', params: ({ event }) => event },
          { type: 'forgetChannel', params: ({ event }) => event },
          done,
        ],
      },
      {
        target: '#host.mdm.unenrolled',
        actions: ['supersedeCommands', 'dropSecrets', 'endEnrollment', done],
      },
    ],
    'mdm.SetBootstrapToken': {
      actions: [{ type: 'keepBootstrapToken', params: ({ event }) => event }, done],
    },
    'mdm.Idle': takeIdle,
    'mdm.Acknowledged': takeReport('Acknowledged'),
    'mdm.Error': takeReport('Error'),
    'mdm.CommandFormatError': takeReport('CommandFormatError'),
    'mdm.NotNow': {
      guard: { type: 'channelKnown', params: ({ event }) => event },
      actions: [
        { type: 'defer', params: ({ event }) => event },
        {
          type: 'converse',
          params: ({ event }) => ({ ...event, after: 'NotNow', except: event.commandUUID }),
        },
      ],
    },
    'mdm.stray_report': {
      guard: { type: 'channelKnown', params: ({ event }) => event },
      actions: [
        'countStray',
        { type: 'noteStray', params: ({ event }) => event },
        {
          type: 'converse',
          params: ({ event }) => ({
            ...event,
            after: event.status === 'NotNow' ? 'NotNow' : 'report',
            except: null,
          }),
        },
      ],
    },
    'mdm.unread_report': takeUnread,
    'operator.enqueue': {
      guard: { type: 'mayReceive', params: ({ event }) => event },
      actions: { type: 'enqueueCommand', params: ({ event }) => event },
    },
    'operator.reset': {
      target: '#host.mdm.unenrolled',
      actions: ['supersedeCommands', 'dropSecrets', 'endEnrollment', done],
    },
    'identity.displace': {
      guard: { type: 'channelKnown', params: ({ event }) => event },
      target: '#host.mdm.unenrolled',
      actions: ['supersedeCommands', 'dropSecrets', 'endEnrollment'],
    },
    'identity.absorb': absorbing,
    'identity.release': {
      guard: { type: 'releasesMdm', params: ({ event }) => event },
      target: '#host.mdm.unenrolled',
      actions: 'endEnrollment',
    },
  },
})

/** Apple's MDM protocol: who may talk to us, and what it gets. */
const mdm = hostSetup.createStateConfig({
  initial: 'unenrolled',
  states: {
    unenrolled: {
      on: {
        'mdm.Authenticate': { target: 'authenticated', actions: begin },
        // This region answers for all of them, so that a reset has one reply whatever it ended.
        'operator.reset': { actions: done },
        'identity.absorb': absorbing,
      },
    },
    /** The profile is being installed. Only a TokenUpdate proves that it was. */
    authenticated: {
      ...managed,
      on: {
        ...managed.on,
        'mdm.TokenUpdate': [
          {
            guard: { type: 'awaitsConfiguration', params: ({ event }) => event },
            target: '#host.mdm.enrolled.awaiting_configuration',
            actions: learnToken,
          },
          {
            guard: { type: 'isDeviceChannel', params: ({ event }) => event },
            target: '#host.mdm.enrolled.ready',
            actions: learnToken,
          },
          { actions: learnToken },
        ],
      },
    },
    enrolled: {
      ...managed,
      on: {
        ...managed.on,
        'xstate.done.actor.*': {
          guard: { type: 'wasErased', params: ({ event }) => event.output },
          target: '#host.mdm.enrolled.erased',
          actions: letGo,
        },
      },
      initial: 'ready',
      states: {
        /** Sits in Setup Assistant until a DeviceConfigured command is acknowledged. */
        awaiting_configuration: {
          on: {
            'xstate.done.actor.*': {
              guard: { type: 'wasDeviceConfigured', params: ({ event }) => event.output },
              target: 'ready',
              actions: letGo,
            },
          },
        },
        ready: {},
        /** It acknowledged EraseDevice and has not been heard of since: what comes back is a new computer, with an Authenticate. */
        erased: {
          on: {
            // It was not erased after all.
            'mdm.Idle': { ...takeIdle, target: 'ready' },
            // Nothing will be there to take it.
            'operator.enqueue': {},
          },
        },
      },
    },
  },
})

/** Apple's device list, whatever profile it has assigned there: one serial number of the host's suffices. */
const dep = hostSetup.createStateConfig({
  initial: 'unassigned',
  on: {
    'dep.assigned': {
      guard: { type: 'deviceIsNews', params: ({ event }) => event },
      target: '.assigned',
      actions: [
        { type: 'noteListed', params: ({ event }) => event },
        { type: 'learnDevice', params: ({ event }) => event },
        { type: 'learnIdentity', params: ({ event }) => event },
        {
          type: 'learnFacts',
          params: ({ event }) => ({ facts: event.facts, source: 'dep', at: event.at }),
        },
      ],
    },
    'identity.absorb': {
      guard: { type: 'bringsDevices', params: ({ event }) => event },
      target: '.assigned',
      actions: { type: 'absorbDevices', params: ({ event }) => event },
    },
  },
  states: {
    unassigned: {},
    assigned: {
      on: {
        'dep.removed': delisting,
        'identity.release': releasingDevices,
      },
    },
  },
})

/** Agents that hold a node key of ours. */
const osquery = hostSetup.createStateConfig({
  initial: 'unenrolled',
  on: {
    'osquery.enroll': {
      target: '.enrolled',
      actions: [
        { type: 'learnAgent', params: ({ event }) => event },
        { type: 'learnIdentity', params: ({ event }) => event },
        {
          type: 'learnFacts',
          params: ({ event }) => ({ facts: event.facts, source: 'osquery', at: event.at }),
        },
      ],
    },
    'identity.absorb': {
      guard: { type: 'bringsAgents', params: ({ event }) => event },
      target: '.enrolled',
      actions: { type: 'absorbAgents', params: ({ event }) => event },
    },
  },
  states: {
    unenrolled: {},
    enrolled: {
      on: {
        'osquery.details': {
          guard: { type: 'agentKnown', params: ({ event }) => event },
          actions: [
            { type: 'stampDetails', params: ({ event }) => event },
            {
              type: 'learnFacts',
              params: ({ event }) => ({ facts: event.facts, source: 'osquery', at: event.at }),
            },
          ],
        },
        'osquery.revoke': revoking(({ event }: On<Revoke>) => event.keyHashes),
        'identity.release': revoking(({ event }: On<Release>) => Object.keys(event.parts.agents)),
        'operator.reset': {
          target: 'unenrolled',
          actions: { type: 'forgetAgents', params: { keyHashes: null } },
        },
      },
    },
  },
})

/**
 * One managed computer.
 *
 * Three regions, since "assigned, osquery-enrolled and not MDM-enrolled" is one state of one host.
 * Its children are its open commands; a finished command leaves the actor and stays as a row.
 */
export const hostMachine = hostSetup.createMachine({
  id: 'host',
  context: ({ input }) => emptyContext(input.id, input.at),
  type: 'parallel',
  states: { mdm, dep, osquery },
  on: {
    'operator.cancel': { actions: { type: 'cancelCommand', params: ({ event }) => event } },
    'request.lost': { actions: { type: 'failCommand', params: ({ event }) => event } },
    'operator.restore': { actions: 'doubtCommands' },
    'apns.pushed': { actions: { type: 'markPushed', params: ({ event }) => event } },
    'apns.refused': { actions: { type: 'noteRefusal', params: ({ event }) => event } },
    'apns.ready': { actions: { type: 'wakeTopic', params: ({ event }) => event } },
    alarm: { actions: { type: 'ring', params: ({ event }) => event } },
    'identity.yield': { actions: 'supersedeCommands' },
    'identity.settle': {
      actions: [
        { type: 'settle', params: ({ event }) => event },
        { type: 'mergeFacts', params: ({ event }) => event },
      ],
    },
    'xstate.done.actor.*': { actions: letGo },
  },
})

export type HostSnapshot = SnapshotFrom<typeof hostMachine>
