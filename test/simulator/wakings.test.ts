// A push brings the computer by that it is for, and nobody else.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { isBytes, isDict } from '../../src/protocol/plist/value.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'
import type { Computer } from '../../src/simulator/computer.ts'
import { createFleet } from '../../src/simulator/fleet.ts'
import { createGate, createPace } from '../../src/simulator/pace.ts'
import { calmRates } from '../../src/simulator/rates.ts'
import { createWakings } from '../../src/simulator/wakings.ts'
import { type Peer, startPeer } from './peer.ts'

const onlyMdm = { ...calmRates, personal: 1, malformed: 0, loggedIn: 0 }

/** One computer that lived a round with a right server, in which it enrolled. */
async function oneRound(rates = onlyMdm): Promise<{ peer: Peer; computer: Computer }> {
  const peer = await startPeer()
  const fleet = createFleet({ baseUrl: peer.url, hosts: 1, seed: 'wakings', rates })
  const [computer] = fleet.computers
  if (computer === undefined) throw new Error('a fleet of one has one')
  await computer.step()
  expect(tokensTold(peer)).toHaveLength(1)
  return { peer, computer }
}

function tokensTold({ seen }: Peer): readonly string[] {
  return seen.flatMap(({ body }) => {
    const read = readPlist(Buffer.from(body))
    const token = read.ok && isDict(read.value) ? read.value['Token'] : undefined
    return isBytes(token) ? [Buffer.from(token).toString('hex')] : []
  })
}

test('a computer hears pushes to the token it told, and those alone', async () => {
  const { peer, computer } = await oneRound()
  const [token = ''] = tokensTold(peer)
  expect(token).toMatch(/^[0-9a-f]{64}$/)
  expect(computer.hears(token)).toBe(true)
  expect(computer.hears('00'.repeat(32))).toBe(false)
  await peer.stop()
})

test('a computer that hears a push asks its server for commands at once', async () => {
  const { peer, computer } = await oneRound()
  const before = peer.seen.length
  await computer.woken()
  expect(peer.seen.slice(before).map(({ body }) => body.includes('Idle'))).toContain(true)
  await peer.stop()
})

test('a push to a computer that is switched off does nothing', async () => {
  const { peer, computer } = await oneRound({ ...onlyMdm, asleep: 1 })
  const before = peer.seen.length
  await computer.woken()
  expect(peer.seen).toHaveLength(before)
  await peer.stop()
})

test('a push to a device that left does nothing', async () => {
  const { peer, computer } = await oneRound({ ...onlyMdm, checkOut: 1 })
  const [token = ''] = tokensTold(peer)
  expect(computer.believes().mdm).toBe('unenrolled')
  expect(computer.hears(token)).toBe(false)
  await peer.stop()
})

/** Counts who comes by. */
function fakeFleet(): { readonly computers: readonly Computer[]; readonly came: string[] } {
  const came: string[] = []
  const computers = ['a', 'b'].map(
    (name) =>
      ({
        hears: (token: string) => token === name,
        woken: async () => void came.push(name),
      }) as Partial<Computer> as Computer, // nothing else is asked of it
  )
  return { computers, came }
}

test('pushes on their way to one computer are one, and a later one wakes it again', async () => {
  const { computers, came } = fakeFleet()
  const wakings = createWakings({ computers, pace: createPace(), gate: createGate(1) })
  for (const token of ['a', 'a', 'b', 'nobody']) wakings.wake(token)
  expect(came).toEqual([])
  await wakings.ended()
  expect(came).toEqual(['a', 'b'])
  wakings.wake('a')
  await wakings.ended()
  expect(came).toEqual(['a', 'b', 'a'])
})

test('nobody comes by any more once the run is stopped', async () => {
  const { computers, came } = fakeFleet()
  const pace = createPace()
  const wakings = createWakings({ computers, pace, gate: createGate(1) })
  wakings.wake('a')
  pace.stop()
  wakings.wake('b')
  await wakings.ended()
  await sleep(1)
  expect(came).toEqual([])
})
