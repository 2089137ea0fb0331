import type { JsonObject } from '../protocol/osquery/json.ts'
import type { Chance } from './chance.ts'
import type { Identity } from './identity.ts'

type Moment = { readonly identity: Identity; readonly chance: Chance; readonly atMs: number }

/** One batch as an agent posts it, `node_key` aside: results in their three forms, or status lines. */
export function logLines(moment: Moment): JsonObject {
  const { chance } = moment
  const count = chance.integer(1, 8)
  return chance.happens(0.7)
    ? { log_type: 'result', data: Array.from({ length: count }, () => resultLine(moment)) }
    : { log_type: 'status', data: Array.from({ length: count }, () => statusLine(moment)) }
}

function resultLine(moment: Moment): JsonObject {
  const { identity, chance } = moment
  const row = { uid: '501', username: identity.person.shortName, shell: chance.pick(shells) }
  const common = { ...stamp(moment), epoch: 0, counter: chance.integer(0, 400), numerics: false }
  switch (chance.pick(['event', 'snapshot', 'batch'] as const)) {
    case 'event': {
      const action = chance.pick(['added', 'removed'])
      return { ...common, name: 'users', action, columns: row }
    }
    case 'snapshot':
      return {
        ...common,
        name: 'os_version',
        action: 'snapshot',
        snapshot: [{ version: identity.os.version }],
      }
    case 'batch':
      return { ...common, name: 'users', diffResults: { added: [row], removed: [] } }
  }
}

const statusLine = (moment: Moment): JsonObject => ({
  ...stamp(moment),
  severity: moment.chance.pick(['0', '1']),
  filename: 'scheduler.cpp',
  line: '112',
  message: 'Executing scheduled query users',
  version: '5.23.1',
})

const shells = ['/bin/zsh', '/bin/bash', '/usr/bin/fish'] as const

const stamp = ({ identity, atMs }: Moment): JsonObject => ({
  hostIdentifier: identity.uuid,
  // osquery writes C's asctime with "UTC" at its end.
  calendarTime: new Date(atMs).toUTCString().replace('GMT', 'UTC'),
  unixTime: Math.floor(atMs / 1_000),
  decorations: { host_uuid: identity.uuid },
})
