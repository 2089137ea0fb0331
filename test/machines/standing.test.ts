import { expect, test } from 'vitest'
import { dotted, lifecycleOf, statusOf } from '../../machines/standing.ts'
import {
  acknowledged,
  agent,
  assigned,
  authenticate,
  checkOut,
  enqueue,
  enrolled,
  idle,
  osqueryEnroll,
  removed,
  tokenUpdate,
  userToken,
} from './events.ts'
import { after } from './world.ts'

const agentOn = (platform: string) => osqueryEnroll(agent('hash-a'), { facts: { platform } })
const waiting = tokenUpdate({ awaitingConfiguration: true })
const erased = [
  enqueue('E', { requestType: 'EraseDevice', repeatable: false }),
  idle(),
  acknowledged('E'),
] as const
const personal = [
  authenticate({ enrollmentType: 'UserEnrollmentDevice' }),
  tokenUpdate({ enrollmentType: 'UserEnrollmentDevice' }),
] as const

// prettier-ignore
const cases = [
  // a host that                               saw                                                 lifecycle            status
  ['is new',                                   [],                                                 'unenrolled',        'off'],
  ['is in the list',                           [assigned()],                                       'dep_assigned',      'pending'],
  ['left the list',                            [assigned(), removed()],                            'unenrolled',        'off'],
  ['has an agent on a Mac',                    [agentOn('darwin')],                                'osquery_enrolled',  'off'],
  ['has an agent on Linux',                    [agentOn('linux')],                                 'osquery_enrolled',  null],
  ['has an agent on Windows',                  [agentOn('windows')],                               'osquery_enrolled',  null],
  ['has an agent on FreeBSD',                  [agentOn('freebsd')],                               'osquery_enrolled',  null],
  ['is in the list, with an agent',            [assigned(), agentOn('darwin')],                    'osquery_enrolled',  'pending'],
  ['is in the list and authenticated',         [assigned(), authenticate()],                       'dep_assigned',      'pending'],
  ['is only authenticated',                    [authenticate()],                                   'unenrolled',        'off'],
  ['is authenticated, with an agent',          [authenticate(), agentOn('darwin')],                'osquery_enrolled',  'off'],
  ['enrolled by hand',                         enrolled,                                           'mdm_enrolled',      'on_manual'],
  ['enrolled by hand, with a user',            [...enrolled, userToken()],                         'mdm_enrolled',      'on_manual'],
  ['enrolled from the list',                   [assigned(), ...enrolled],                          'mdm_enrolled',      'on_automatic'],
  ['enrolled, then came into the list',        [...enrolled, assigned()],                          'mdm_enrolled',      'on_automatic'],
  ['enrolled from the list and left it',       [assigned(), ...enrolled, removed()],               'mdm_enrolled',      'on_manual'],
  ['sits in Setup Assistant',                  [assigned(), authenticate(), waiting],              'mdm_enrolled',      'on_automatic'],
  ['enrolled by EnrollmentID',                 personal,                                           'mdm_enrolled',      'on_personal'],
  ['enrolled by EnrollmentID, in the list',    [assigned(), ...personal],                          'mdm_enrolled',      'on_personal'],
  ['checked out',                              [...enrolled, checkOut()],                          'unenrolled',        'off'],
  ['checked out, in the list',                 [assigned(), ...enrolled, checkOut()],              'dep_assigned',      'pending'],
  ['was erased',                               [...enrolled, ...erased],                           'unenrolled',        'off'],
  ['was erased, in the list',                  [assigned(), ...enrolled, ...erased],               'dep_assigned',      'pending'],
  ['was erased and came back',                 [...enrolled, ...erased, ...enrolled],              'mdm_enrolled',      'on_manual'],
  ['enrolled, with an agent, in the list',     [assigned(), ...enrolled, agentOn('darwin')],       'mdm_enrolled',      'on_automatic'],
] as const
for (const [what, events, lifecycle, status] of cases)
  test(`a host that ${what} is ${lifecycle} and ${status ?? 'of no MDM status'}`, () => {
    const host = after(...events).snapshot()
    expect([lifecycleOf(host), statusOf(host)]).toEqual([lifecycle, status])
  })

test('nested states are written with dots', () => {
  expect(dotted('unenrolled')).toBe('unenrolled')
  expect(dotted({ enrolled: 'ready' })).toBe('enrolled.ready')
  expect(dotted({ enrolled: { ready: 'now' } })).toBe('enrolled.ready.now')
})
