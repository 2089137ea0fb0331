import type { ApiClient } from './api-client.ts'
import type { ListedDevice, World } from './world.ts'

/** Apple's largest page. */
const pageMax = 1_000

/**
 * Tells the server of entries of Apple's device list, as many to a page as wait: a fleet of thousands
 * arrives at once.
 *
 * Each call gives false when the server did not take its page and may later. A refusal counts as done, since
 * saying the same again would not change it; the figures and `tell` show it.
 */
export function createAppleList(
  api: ApiClient,
  tell: World['tell'],
): (listed: ListedDevice) => Promise<boolean> {
  let waiting: { readonly device: ListedDevice; readonly done: (taken: boolean) => void }[] = []
  let sending = false

  const send = async (): Promise<void> => {
    sending = true
    while (waiting.length > 0) {
      const page = waiting.slice(0, pageMax)
      waiting = waiting.slice(pageMax)
      const devices = page.map(({ device }) => device)
      const answer = await api.send({
        kind: 'api.dep.devices',
        method: 'POST',
        path: '/dep/devices',
        body: { devices },
      })
      const refused = answer !== undefined && answer.status >= 400 && answer.status < 500
      if (refused) tell('operator', `was refused Apple’s list: ${answer.status}`)
      for (const { done } of page) done(refused || (answer !== undefined && answer.status < 300))
    }
    sending = false
  }
  return (device) =>
    new Promise((done) => {
      waiting.push({ device, done })
      if (!sending) void send()
    })
}
