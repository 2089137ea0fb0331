import type { Finding } from './rules.ts'

/** The commands one channel was sent, as the device saw them: enough to say which delivery was wrong. */
export type Deliveries = {
  readonly delivered: (command: Delivered) => readonly Finding[]
  /** The server took this report with a 2xx. */
  readonly reported: (commandUUID: string, status: ReportStatus) => void
  /** The server took an Authenticate: what was pending before must not come any more. */
  readonly newLife: () => void
}

type Delivered = {
  readonly commandUUID: string
  readonly requestType: string
  readonly unsafe: boolean
}

export type ReportStatus = 'Acknowledged' | 'Error' | 'CommandFormatError' | 'NotNow'

type Entry = { life: number; settled: boolean; pending: boolean }

/** A device that remembers more than this many commands was sent them in a life longer than any test's. */
const rememberedMax = 4_096

export function createDeliveries(): Deliveries {
  // In order of arrival, so the first is the one to forget.
  const entries = new Map<string, Entry>()
  let life = 0
  const remember = (commandUUID: string, entry: Entry): void => {
    entries.set(commandUUID, entry)
    if (entries.size > rememberedMax) {
      for (const oldest of entries.keys()) {
        entries.delete(oldest)
        break
      }
    }
  }
  return {
    delivered: ({ commandUUID, requestType, unsafe }) => {
      const known = entries.get(commandUUID)
      if (!known) {
        remember(commandUUID, { life, settled: false, pending: true })
        return []
      }
      const repeated = known.pending
      known.pending = true
      const detail = `${requestType} ${commandUUID}`
      if (known.settled) return [{ rule: 'command-after-result', detail }]
      if (known.life < life) return [{ rule: 'command-from-former-life', detail }]
      return unsafe && repeated ? [{ rule: 'command-unsafe-repeated', detail }] : []
    },
    reported: (commandUUID, status) => {
      const known = entries.get(commandUUID)
      if (!known) return
      known.pending = false
      if (status !== 'NotNow') known.settled = true
    },
    newLife: () => {
      life += 1
    },
  }
}
