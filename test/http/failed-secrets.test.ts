import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createClientOf } from '../../src/http/client.ts'
import { createFailedSecrets, type FailedBatch } from '../../src/http/failed-secrets.ts'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

function opened() {
  const notes: FailedBatch[] = []
  const tasks: (() => void)[] = []
  const time = { now: 0 }
  const secrets = createFailedSecrets({
    elapsedMs: () => time.now,
    later(task) {
      tasks.push(task)
      return { cancel() {} }
    },
    note: (batch) => void notes.push(batch),
  })
  return { secrets, notes, time, minutePasses: () => tasks.splice(0).forEach((task) => task()) }
}

describe('an address from which secrets fail', () => {
  test('may try twenty at once and one more each second', () => {
    const { secrets, time } = opened()
    for (let nth = 0; nth < 20; nth += 1) {
      expect(secrets.mayTry('a', `guess ${nth}`)).toBe(true)
      secrets.failed('token', 'a')
    }
    expect(secrets.mayTry('a', 'guess 20')).toBe(false)
    expect(secrets.mayTry('b', 'guess 20')).toBe(true)
    time.now = 1_000
    expect(secrets.mayTry('a', 'guess 21')).toBe(true)
    expect(secrets.counts()).toMatchObject({ token: 20, slowed: 1 })
  })

  test('is served all the same with a secret that worked from there before, and only from there', () => {
    const { secrets } = opened()
    secrets.worked('a', 'mine')
    for (const client of ['a', 'b'])
      for (let nth = 0; nth < 30; nth += 1) secrets.failed('enroll_secret', client)
    expect(secrets.mayTry('a', 'mine')).toBe(true)
    expect(secrets.mayTry('a', 'another')).toBe(false)
    expect(secrets.mayTry('b', 'mine')).toBe(false)
  })

  test('is noted once a minute, with the number of failures and the foremost addresses', () => {
    const { secrets, notes, minutePasses } = opened()
    for (let nth = 0; nth < 3; nth += 1) secrets.failed('token', 'a')
    secrets.failed('token', 'b')
    secrets.failed('sign_in', 'b')
    minutePasses()
    minutePasses()
    expect(notes).toEqual([
      { kind: 'token', failures: 4, addresses: 2, foremost: ['a', 'b'] },
      { kind: 'sign_in', failures: 1, addresses: 1, foremost: ['b'] },
    ])
  })

  test('costs bounded memory, however many addresses there are', () => {
    const { secrets, notes, minutePasses } = opened()
    for (let nth = 0; nth < 20_000; nth += 1) secrets.failed('token', `address ${nth}`)
    minutePasses()
    expect(notes[0]).toMatchObject({ failures: 20_000, addresses: 1_001 })
  })
})

describe('the address of a client', () => {
  const from = (peer: string, forwarded?: string) => {
    const incoming = new IncomingMessage(new Socket())
    Object.defineProperty(incoming.socket, 'remoteAddress', { value: peer })
    if (forwarded !== undefined) incoming.headers['x-forwarded-for'] = forwarded
    return { env: { incoming } }
  }
  const proxies = new BlockList()
  proxies.addSubnet('10.0.0.0', 8, 'ipv4')
  // prettier-ignore
  const cases = [
    // the peer        X-Forwarded-For              behind our proxies    
    ['198.51.100.7',   undefined,                   '198.51.100.7'],
    ['::ffff:10.0.0.1', '203.0.113.9',              '203.0.113.9'],
    ['10.0.0.1',       '6.6.6.6, 203.0.113.9',      '203.0.113.9'],
    ['10.0.0.1',       '203.0.113.9, 10.0.0.2',     '203.0.113.9'],
    ['10.0.0.1',       undefined,                   '10.0.0.1'],
    ['198.51.100.7',   '203.0.113.9',               '198.51.100.7'],
    ['2001:db8:0:1::5', undefined,                  '2001:db8:0:1::/64'],
    ['2001:db8::1:2:3:4', undefined,                '2001:db8:0:0::/64'],
  ] as const
  for (const [peer, forwarded, client] of cases)
    test(`that connects from ${peer}${forwarded === undefined ? '' : ` and writes ${forwarded}`} is ${client}`, () => {
      expect(createClientOf(proxies)(from(peer, forwarded))).toBe(client)
    })

  test('is the peer where no proxy is ours, whatever is written', () => {
    expect(createClientOf(undefined)(from('10.0.0.1', '203.0.113.9'))).toBe('10.0.0.1')
  })
})
