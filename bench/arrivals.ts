// Computers that are new: from Apple's list, by MDM and with an agent. Each is identified before anything else.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sayAll } from './client.ts'
import { authenticate, type Call, enroll, serialOf, tokenUpdate } from './devices.ts'
import type { Bench } from './figure.ts'
import { numbered } from './polls.ts'
import { adminToken, enrollSecret, startMuster } from './servers.ts'

/** As many as one answer of Apple's list holds, and one request of ours takes. */
const devices = 1_000

export const arrivals: Bench = {
  name: 'arrivals',
  async run({ folder }) {
    const own = mkdtempSync(join(folder, 'muster-arrivals-'))
    const muster = await startMuster(own)
    const timed = async (calls: readonly Call[]): Promise<number> => {
      const start = performance.now()
      await sayAll(muster.port, calls, Math.min(64, calls.length))
      return performance.now() - start
    }
    try {
      const listed = await timed([deviceList(0)])
      const again = await timed([deviceList(0)])
      // Half of them are known from the list by then.
      const half = (call: (nth: number) => Call) =>
        numbered(devices, (nth) => call(nth + devices / 2))
      const authenticated = await timed(half(authenticate))
      const enrolled = await timed(half(tokenUpdate))
      const agents = await timed(half((nth) => enroll(nth, enrollSecret)))
      return [
        { what: 'DEP: POST of 1,000 new devices', value: listed, unit: 'ms' },
        { what: 'DEP: the same 1,000 again', value: again, unit: 'ms' },
        {
          what: 'MDM enrolments (Authenticate and TokenUpdate)',
          value: devices / ((authenticated + enrolled) / 1_000),
          unit: '/s',
        },
        { what: 'osquery enrolments', value: devices / (agents / 1_000), unit: '/s' },
      ]
    } finally {
      await muster.stop()
      rmSync(own, { recursive: true })
    }
  },
}

const deviceList = (from: number): Call => ({
  method: 'POST',
  path: '/api/v1/dep/devices',
  headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({
    devices: Array.from({ length: devices }, (_, nth) => ({
      serial_number: serialOf(from + nth),
      model: 'MacBook Pro 14"',
      device_family: 'Mac',
      os: 'OSX',
      color: 'SPACE GRAY',
      profile_status: 'empty',
      op_type: 'added',
      op_date: '2026-01-01T00:00:00Z',
      device_assigned_date: '2026-01-01T00:00:00Z',
      device_assigned_by: 'bench@example.com',
    })),
  }),
})
