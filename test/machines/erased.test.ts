// A computer that acknowledged EraseDevice is not shown as enrolled until it is back.
import { expect, test } from 'vitest'
import {
  acknowledged,
  authenticate,
  checkOut,
  enqueue,
  enrolled,
  idle,
  report,
  tokenUpdate,
} from './events.ts'
import { after } from './world.ts'

const erase = enqueue('E', { requestType: 'EraseDevice', repeatable: false })
const erased = () => after(...enrolled, erase, idle(), acknowledged('E'))
const mdmOf = (world: ReturnType<typeof erased>) => world.standing().split(' ')[0]

test('an acknowledged EraseDevice leaves its host erased, and a failed one leaves it enrolled', () => {
  expect(mdmOf(erased())).toBe('enrolled.erased')
  expect(mdmOf(after(...enrolled, erase, idle(), report('Error', 'E')))).toBe('enrolled.ready')
  expect(mdmOf(after(...enrolled, erase, idle()))).toBe('enrolled.ready')
})

test('an erased host takes no commands, since nothing will be there to run them', () => {
  expect(erased().ask(enqueue('B'))).toBeUndefined()
})

test('an erased host that comes back enrols anew, or leaves', () => {
  const back = erased()
  back.send(authenticate(), tokenUpdate())
  expect(mdmOf(back)).toBe('enrolled.ready')
  const gone = erased()
  gone.send(checkOut())
  expect(mdmOf(gone)).toBe('unenrolled')
})

test('a host that says Idle after it acknowledged EraseDevice is shown as enrolled again', () => {
  const world = erased()
  expect(world.ask(idle())).toEqual({ kind: 'nothing' })
  expect(mdmOf(world)).toBe('enrolled.ready')
  expect(world.ask(enqueue('B'))).toEqual({ kind: 'done' })
})
