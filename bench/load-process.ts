// The load where there is no wrk. Some three times as heavy on its core, so the server gets less of it.
import { openClient } from './client.ts'
import { connections, type Load } from './load.ts'

process.once('message', (message) => {
  // Only `load.ts` starts this file, and it sends a Load.
  void run(message as Load).then((rate) => process.send?.(rate, () => process.exit()))
})

async function run({ port, calls, seconds }: Load): Promise<number> {
  const start = performance.now()
  const end = start + seconds * 1000
  let answers = 0
  async function speak(from: number): Promise<void> {
    const client = await openClient(port)
    for (let nth = from; performance.now() < end; nth += 1) {
      const said = await client.say(calls[nth % calls.length] ?? calls[0])
      if (said.status >= 300) throw new Error(`answered ${said.status}`)
      answers += 1
    }
    client.close()
  }
  const share = Math.ceil(calls.length / connections)
  await Promise.all(Array.from({ length: connections }, (_, index) => speak(index * share)))
  return answers / ((performance.now() - start) / 1000)
}
