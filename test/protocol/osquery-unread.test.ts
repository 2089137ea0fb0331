// What cannot be read is kept as it came, without the secret in it.
import { expect, test } from 'vitest'
import { unread } from '../../src/protocol/osquery/salvage.ts'

// prettier-ignore
const cases = [
  ['{"node_key":"k3y","data":[nonsense',              '{"node_key":"","data":[nonsense'],
  ['{"data":[1,], "node_key" :\n "k3\\"y"}',            '{"data":[1,], "node_key" :\n ""}'],
  ['{"node_key":"k3y","node_key":"k4y"',              '{"node_key":"","node_key":""'],
  ['{"log_type":"status","node_key":"k3',             '{"log_type":"status","node_key":"'],
  ['\u00ff\u00fe {"a":"node_key"',                    '\u00ff\u00fe {"a":"node_key"'],
] as const
for (const [sent, kept] of cases)
  test(`of ${JSON.stringify(sent)} everything but the node key is kept`, () => {
    const line = unread(Buffer.from(sent, 'latin1'), { kind: 'not-json', detail: '' } as never)
    expect(line['muster_bytes']).toBe(Buffer.from(kept, 'latin1').toString('base64'))
  })
