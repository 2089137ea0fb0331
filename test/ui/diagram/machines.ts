// Machines of three shapes to draw: regions with a nested compound, a flat life with ends, one lonely state.
import { setup } from 'xstate'

const hasMore = (): boolean => true

export const computer = setup({ guards: { hasMore } }).createMachine({
  id: 'computer',
  type: 'parallel',
  on: { RESET: '.mdm', SEEN: { actions: () => undefined } },
  states: {
    mdm: {
      initial: 'unenrolled',
      states: {
        unenrolled: { on: { AUTHENTICATE: 'authenticated' } },
        authenticated: {
          on: { TOKEN_UPDATE: 'enrolled', CHECK_OUT: 'unenrolled' },
          after: { 600_000: 'unenrolled' },
        },
        enrolled: {
          initial: 'idle',
          on: { CHECK_OUT: 'unenrolled', AUTHENTICATE: 'authenticated' },
          states: {
            idle: { on: { ENQUEUE: 'pushing' } },
            pushing: { on: { IDLE: 'delivering' }, after: { 3_600_000: 'pushing' } },
            delivering: {
              on: {
                ACKNOWLEDGED: [{ target: 'delivering', guard: 'hasMore' }, { target: 'idle' }],
                ERROR: 'delivering',
                NOT_NOW: 'deferred',
                PING: { actions: () => undefined },
              },
            },
            deferred: { on: { IDLE: 'delivering', ENQUEUE: 'pushing' } },
          },
        },
      },
    },
    osquery: {
      initial: 'absent',
      states: {
        absent: { on: { ENROLL: 'live' } },
        live: { on: { NODE_INVALID: 'absent', ENROLL: 'live' } },
      },
    },
    presence: {
      initial: 'offline',
      states: {
        offline: { on: { SEEN: 'online' } },
        online: { on: { SEEN: 'online' }, after: { 90_000: 'stale' } },
        stale: { on: { SEEN: 'online' }, after: { 86_400_000: 'offline' } },
      },
    },
  },
})

export const errand = setup({ guards: { hasMore } }).createMachine({
  id: 'errand',
  initial: 'queued',
  states: {
    queued: {
      on: { push: 'pushed', offer: 'sent', cancel: 'cancelled' },
      always: { guard: 'hasMore', target: 'sent' },
    },
    pushed: { on: { offer: 'sent', cancel: 'cancelled' } },
    sent: {
      on: { offer: { target: 'sent', reenter: true }, done: 'acknowledged', failed: 'error' },
    },
    acknowledged: { type: 'final' },
    error: { type: 'final' },
    cancelled: { type: 'final' },
  },
})

export const lonely = setup({}).createMachine({ id: 'lonely', on: { KNOCK: {} } })
