// The worst that operators can send costs the thread that serves little, and so keeps nobody waiting.
import type { Context } from 'hono'
import { expect, test } from 'vitest'
import { worstAsks } from '../../bench/worst-operator.ts'
import { readJson } from '../../src/http/api/body-spec.ts'
import { wishBounds } from '../../src/http/api/send-body.ts'
import { fieldsOf } from '../../src/http/pages/form-fields.ts'

/** Milliseconds of this thread alone: what else the machine does is not in it. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const costOf = async (work: () => unknown): Promise<number> => {
  const before = cpuMs()
  await work()
  return cpuMs() - before
}

const named = (text: string) => worstAsks.filter(({ name }) => name.includes(text))

test('JSON of every kind is read, or refused for what is in it, within 50 ms', async () => {
  const asks = named('"payload":{"A":')
  expect(asks.length).toBeGreaterThan(20)
  for (const { name, make } of asks) {
    const body = make()
    expect(body.length, name).toBeLessThanOrEqual(wishBounds.bytesMax)
    expect(await costOf(() => readJson(body, wishBounds)), name).toBeLessThan(50)
  }
})

test('forms of every kind are read, or refused for what is in them, within 50 ms', async () => {
  const asks = named('form /settings/push')
  expect(asks.length).toBeGreaterThan(8)
  for (const { name, type, make } of asks) {
    const body = make()
    // All of a request that is looked at here.
    const context = { req: { header: () => type } } as unknown as Context
    expect(await costOf(() => fieldsOf(context, body)), name).toBeLessThan(50)
  }
})

test('a form says what its fields say', async () => {
  const fields = async (type: string, text: string) => {
    const context = { req: { header: () => type } } as unknown as Context
    const read = await fieldsOf(context, Buffer.from(text))
    return read && [...read]
  }
  const url = 'application/x-www-form-urlencoded'
  expect(await fields(url, 'a=1+2%2B3&b=%E2%82%AC&c')).toEqual([
    ['a', '1 2+3'],
    ['b', '€'],
    ['c', ''],
  ])
  expect(await fields(url, 'a=1&'.repeat(101))).toBeUndefined()
  const part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1+2\r\n'
  const multipart = 'multipart/form-data; boundary=x'
  expect(await fields(multipart, `${part}--x--\r\n`)).toEqual([['a', '1+2']])
  expect(await fields(multipart, `${part.repeat(101)}--x--\r\n`)).toBeUndefined()
})
