import { expect, test } from 'vitest'
import { openHttpWorld } from './world.ts'

const world = await openHttpWorld()

test('a browser at the address for devices reads what it is for', async () => {
  for (const path of ['/mdm', '/mdm/checkin']) {
    const got = await world.ask(path, { headers: { accept: 'text/html,*/*;q=0.8' } })
    expect(got.status).toBe(405)
    expect(got.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(got.headers.get('allow')).toBe('PUT, POST')
    expect(got.text).toContain('Enrolled Apple devices report here')
    expect(got.text).toContain('<a href="/">console</a>')
  }
})

test('a program that asks for anything else there is told the methods and nothing more', async () => {
  for (const [method, accept] of [
    ['GET', '*/*'],
    ['DELETE', 'text/html'],
  ] as const) {
    const got = await world.ask('/mdm', { method, headers: { accept } })
    expect([got.status, got.text, got.headers.get('content-length')]).toEqual([405, '', '0'])
    expect(got.headers.get('allow')).toBe('PUT, POST')
  }
})
