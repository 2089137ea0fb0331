// Sightings in few words, and random computers with random lives.
import fc from 'fast-check'
import { normalise } from '../../src/identity/normalise.ts'
import type { RawIdentifiers } from '../../src/identity/normalise.ts'
import type { Sighting } from '../../src/identity/sighting.ts'
import type { Trust } from '../../storage/rows.ts'

type More = Partial<Omit<Sighting, 'claims' | 'source'>>

const sighting = (source: Sighting['source'], raw: RawIdentifiers, more: More): Sighting => ({
  source,
  trust: source === 'dep' ? 'apple' : 'agent',
  claims: normalise(raw).claims,
  virtual: false,
  vouched: false,
  ...more,
})

/** Apple's device list names a serial. */
export const dep = (serial: string): Sighting => sighting('dep', { serial }, {})

/** An Authenticate. */
export const mdm = (raw: RawIdentifiers, trust: Trust = 'mdm', more: More = {}): Sighting =>
  sighting('mdm', raw, { trust, ...more })

/** An agent's enrolment, or its detail answers when it comes with a credential. */
export const osquery = (raw: RawIdentifiers, more: More = {}): Sighting =>
  sighting('osquery', raw, more)

export const uuidOf = (number: number): string =>
  `7F3A0000-0000-4000-8000-${String(number).padStart(12, '0')}`

export type Computer = {
  readonly kind: 'mac' | 'phone' | 'personal' | 'pc' | 'vm'
  readonly raw: RawIdentifiers
}

/** A computer with identifiers nobody else has; some PCs have placeholders instead of them. */
function computerOf(kind: Computer['kind'], number: number): Computer {
  const serial = `C02X${number}`
  const uuid = uuidOf(number)
  const osqueryInstance = `instance-${number}`
  switch (kind) {
    case 'mac':
      return { kind, raw: { serial, uuid, osqueryInstance } }
    case 'phone':
      return {
        kind,
        raw: { serial, udid: `00008112-${String(number).padStart(15, '0')}A` },
      }
    case 'personal':
      return { kind, raw: { enrollmentId: `enrollment-${number}` } }
    case 'vm':
      return { kind, raw: { serial: 'None', uuid, osqueryInstance } }
    case 'pc':
      return {
        kind,
        raw: {
          serial: number % 3 === 0 ? 'To be filled by O.E.M.' : serial,
          uuid: number % 2 === 0 ? '03000200-0400-0500-0006-000700080009' : uuid,
          osqueryInstance,
        },
      }
  }
}

export const computers = (max: number): fc.Arbitrary<readonly Computer[]> =>
  fc
    .array(fc.constantFrom('mac', 'phone', 'personal', 'pc', 'vm'), {
      minLength: 1,
      maxLength: max,
    })
    .map((kinds) => kinds.map((kind, index) => computerOf(kind, index + 1)))

/** All the honest ways in which a computer is seen. */
export function honestSightings({ kind, raw }: Computer): readonly Sighting[] {
  const { serial, uuid, udid, enrollmentId } = raw
  const virtual = kind === 'vm'
  if (kind === 'personal') return [mdm({ enrollmentId }, 'agent'), mdm({ enrollmentId })]
  if (kind === 'pc' || kind === 'vm') return [osquery(raw, { virtual })]
  const inMdm = { serial, udid: udid ?? uuid }
  const managed = [dep(serial ?? ''), mdm(inMdm, 'agent'), mdm(inMdm)]
  return kind === 'phone' ? managed : [...managed, osquery(raw)]
}
