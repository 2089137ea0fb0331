// What ran out stays so, and what was remembered from a clock that was ahead keeps nobody waiting.
import { describe, expect, test } from 'vitest'
import { createGrounds } from '../../src/intake/certificate-grounds.ts'
import type { CertificateWish } from '../../src/intake/certificates.ts'
import { createChallenges } from '../../src/intake/challenges.ts'
import { createEnrollmentLinks } from '../../src/intake/enrollment-links.ts'
import { createAgents } from '../../src/intake/osquery-agents.ts'
import { createSessions } from '../../src/http/pages/sessions.ts'
import { hashToken, mintToken } from '../../src/secrets/tokens.ts'
import { Hono } from 'hono'
import { openHouse } from '../runtime/world.ts'
import { openDoors, operator } from './world.ts'

const hour = 3_600_000
const tenYears = 3_650 * 24 * hour

const jumps = [
  ['a day', 24 * hour],
  ['ten years', tenYears],
] as const

async function openParts() {
  const house = await openHouse()
  const { store, hosts, clock } = house
  const tools = { store, live: hosts.live, world: clock, mint: mintToken, hash: hashToken }
  const links = createEnrollmentLinks(tools)
  const challenges = createChallenges({ ...tools, lifetimeMs: hour, fixed: undefined })
  const grounds = createGrounds({ lookups: store.lookups, world: clock, challenges, links })
  return { house, clock, links, challenges, grounds, doors: openDoors(house) }
}

for (const [name, jump] of jumps)
  describe(`after a clock was ${name} ahead and is right again`, () => {
    test('a link that had run out lets nobody in', async () => {
      const { house, clock, links } = await openParts()
      const wish = { name: 'all', hostId: null, team: null, usesMax: null }
      const made = await links.create({ ...wish, expiresAt: clock.steady() + hour }, operator)
      if (!made.ok) throw new Error(made.error)
      const end = () => links.endOf(made.value.row)
      expect(end()).toBeUndefined()
      clock.jump(jump)
      await house.advance(0)
      expect(end()).toBe('expired')
      clock.jump(-jump)
      await house.advance(hour)
      expect(end()).toBe('expired')
    })

    test('a challenge that had run out gives no certificate, and one minted meanwhile runs out in time', async () => {
      const { house, clock, challenges, grounds } = await openParts()
      const mint = async (): Promise<string> => {
        const minted = await challenges.mint({ kind: 'enrollment' })
        if (!minted.ok) throw new Error(minted.error)
        return minted.value
      }
      const ground = (challenge: string) => {
        // Only what a challenge needs to be looked up by.
        const wish = { challenge, signer: { fingerprint: 'f' } } as unknown as CertificateWish
        const found = grounds(wish)
        return found.ok ? 'open' : found.error.kind
      }
      const former = await mint()
      expect(ground(former)).toBe('open')
      clock.jump(jump)
      await house.advance(0)
      const later = await mint()
      clock.jump(-jump)
      await house.advance(hour - 1)
      expect(ground(former)).toMatch(/^(expired|unknown)-challenge$/)
      expect(ground(later)).toBe('open')
      await house.advance(1)
      expect(ground(later)).toBe('expired-challenge')
    })

    test('a node key that was replaced stays so, and details are asked for', async () => {
      const { house, clock, doors } = await openParts()
      const agents = createAgents(house.store.lookups, house.hosts.live, clock)
      const enroll = async (): Promise<string> => {
        const reply = await doors.enroll({ serial: 'C02CLOCK1', uuid: mac })
        if (reply.kind !== 'enrolled') throw new Error(reply.kind)
        return reply.nodeKey
      }
      const former = await enroll()
      const current = await enroll()
      expect(agents.find(former)).toBeDefined()
      clock.jump(jump)
      await house.advance(0)
      expect(agents.find(former)).toBeUndefined()
      clock.jump(-jump)
      await house.advance(0)
      expect(agents.find(former)).toBeUndefined()
      const known = agents.find(current)
      if (known === undefined) throw new Error('the current key has no end')
      // As if it had answered while the clock was ahead.
      const answered = { ...known, detailAt: clock.now() + jump }
      expect(agents.takeDetailTurn(answered)).toBe(true)
      expect(agents.takeDetailTurn(answered)).toBe(false)
    })

    test('a session that had ended is not open once more, and another ends in time', async () => {
      const { house, clock } = await openParts()
      const token = {
        id: 't1',
        name: 'one',
        role: 'admin',
        createdAt: 0,
        configured: false,
      } as const
      const sessions = createSessions({
        tokens: { find: () => token, list: () => [token] },
        world: clock,
      })
      const app = new Hono()
        .post('/', (c) => (sessions.open(c, 'secret'), c.text('in')))
        .get('/', (c) => c.text(sessions.isOpen(c) ? 'open' : 'closed'))
      const open = async (): Promise<string> => {
        const answer = await app.request('/', { method: 'POST' })
        return answer.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
      }
      const look = async (cookie: string) =>
        (await app.request('/', { headers: { cookie } })).text()
      const former = await open()
      expect(await look(former)).toBe('open')
      clock.jump(jump)
      await house.advance(0)
      const later = await open()
      clock.jump(-jump)
      await house.advance(0)
      expect([await look(former), await look(later)]).toEqual(['closed', 'open'])
      await house.advance(13 * hour)
      expect(await look(later)).toBe('closed')
    })
  })

const mac = '7F3A0000-0000-4000-8000-00000000C10C'
