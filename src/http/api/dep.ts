import { z } from '@hono/zod-openapi'
import { type DepDevice, devicesMax, readDevices } from '../../protocol/dep/device.ts'
import { fail, ok } from '../../result.ts'
import { type BodySpec, type JsonBounds, jsonType, readJson } from './body-spec.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { invalidAt } from './invalid.ts'

const device = z
  .looseObject({
    serial_number: z.string(),
    model: z.string().optional(),
    device_family: z.string().optional(),
    profile_status: z.string().optional(),
    op_type: z.enum(['added', 'modified', 'deleted']).optional(),
    op_date: z.string().optional(),
  })
  .openapi('DepDevice', { description: "A device object of Apple's list; other members are kept." })

const outcomes = z.object({
  items: z.array(
    z.object({
      serial: z.string(),
      outcome: z.enum(['created', 'changed', 'unchanged', 'removed', 'unknown', 'failed']),
      host_id: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
})

/** A thousand devices of Apple's list are 600 kB and 16,000 values. */
const bounds: JsonBounds = { bytesMax: 1_048_576, valuesMax: 32_000 }

/** Read by the protocol's own reader, which says more than a schema could. */
const devicesBody: BodySpec<readonly DepDevice[]> = {
  content: { [jsonType]: z.object({ devices: z.array(device).max(devicesMax) }) },
  optional: false,
  bytesMax: () => bounds.bytesMax,
  read(bytes) {
    const json = readJson(bytes, bounds)
    if (!json.ok) return json
    const devices = readDevices(json.value)
    return devices.ok ? devices : fail(invalidAt(devices.error))
  },
}

export const depEndpoint = ({ dep }: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'post',
      path: '/dep/devices',
      role: 'admin',
      tag: 'dep',
      summary: `Takes up to ${devicesMax} devices as Apple's list has them.`,
      description:
        'One outcome per serial; a serial named twice counts by its latest op_date. 503 when none could be kept.',
      body: devicesBody,
      gives: outcomes,
    },
    async ({ body, principal }) => {
      const seen = await dep.see(body, causeOf(principal))
      // Nothing was written: a success with nothing but failures in it is one that scripts would believe.
      if (seen.length > 0 && seen.every(({ isLater }) => isLater === true))
        return fail({ kind: 'unavailable' })
      const items = seen.map(({ serial, outcome, hostId, detail }) => ({
        serial,
        outcome,
        host_id: hostId,
        detail: detail ?? null,
      }))
      return ok({ kind: 'json', content: { items } })
    },
  )
