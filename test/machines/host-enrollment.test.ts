import { expect, test } from 'vitest'
import {
  acknowledged,
  authenticate,
  checkOut,
  device,
  displaced,
  enqueue,
  enrolled,
  expiry,
  idle,
  mdmParts,
  notNow,
  now,
  release,
  report,
  reset,
  tokenUpdate,
  user,
  userToken,
} from './events.ts'
import { after } from './world.ts'

// prettier-ignore
const tokens = [
  // before                                     AwaitingConfiguration  mdm
  [[authenticate()],                            null,                  'enrolled.ready'],
  [[authenticate()],                            false,                 'enrolled.ready'],
  [[authenticate()],                            true,                  'enrolled.awaiting_configuration'],
  [enrolled,                                    null,                  'enrolled.ready'],
  [enrolled,                                    false,                 'enrolled.ready'],
  [enrolled,                                    true,                  'enrolled.awaiting_configuration'],
  [[authenticate(), tokenUpdate({ awaitingConfiguration: true })], null,  'enrolled.awaiting_configuration'],
  [[authenticate(), tokenUpdate({ awaitingConfiguration: true })], false, 'enrolled.ready'],
  [[authenticate(), tokenUpdate({ awaitingConfiguration: true })], true,  'enrolled.awaiting_configuration'],
] as const
for (const [before, awaitingConfiguration, mdm] of tokens) {
  const world = after(...before)
  const former = world.standing().split(' ')[0]
  test(`an ${former} host whose TokenUpdate says AwaitingConfiguration ${awaitingConfiguration} is ${mdm}`, () => {
    expect(world.ask(tokenUpdate({ awaitingConfiguration }))).toEqual({ kind: 'done' })
    expect(world.standing()).toBe(`${mdm} unassigned unenrolled`)
  })
}

test("a user's TokenUpdate opens a channel and says nothing about the computer's enrollment", () => {
  const world = after(authenticate(), userToken({ awaitingConfiguration: true }))
  expect(world.standing()).toBe('authenticated unassigned unenrolled')
  world.send(tokenUpdate(), userToken({ awaitingConfiguration: true }))
  expect(world.standing()).toBe('enrolled.ready unassigned unenrolled')
  expect(Object.keys(world.snapshot().context.channels)).toEqual([device, user])
})

test('a TokenUpdate always replaces Token, PushMagic and Topic', () => {
  const world = after(...enrolled, tokenUpdate({ pushRef: 'push-2', topic: 'com.apple.mgmt.two' }))
  expect(world.snapshot().context.channels[device]).toMatchObject({
    pushRef: 'push-2',
    topic: 'com.apple.mgmt.two',
  })
})

test.each([
  ['a TokenUpdate', tokenUpdate({ topic: 'com.apple.mgmt.other' }), 'com.apple.mgmt.other'],
  ['an Authenticate', authenticate({ topic: 'com.apple.mgmt.other' }), 'com.apple.mgmt.other'],
  ['a TokenUpdate', tokenUpdate(), undefined],
  ['an Authenticate', authenticate(), undefined],
])(
  '%s of an enrolled host notes a change of its push topic, and nothing else',
  (_what, event, to) => {
    const notes = after(...enrolled)
      .send(event)
      .filter(({ type }) => type === 'note')
    const from = 'com.apple.mgmt.External.one'
    const note = { event: 'mdm.topic_changed', detail: { channel: device, from, to } }
    expect(notes).toEqual(to === undefined ? [] : [{ type: 'note', params: note }])
  },
)

test('a TokenUpdate without UnlockToken keeps the one we have, another replaces it', () => {
  const world = after(authenticate(), tokenUpdate({ unlockTokenRef: 'unlock-1' }), tokenUpdate())
  expect(world.snapshot().context.unlockTokenRef).toBe('unlock-1')
  world.send(tokenUpdate({ unlockTokenRef: 'unlock-2' }))
  expect(world.snapshot().context.unlockTokenRef).toBe('unlock-2')
})

test('a host is enrolled since its first TokenUpdate, not its last', () => {
  const world = after(authenticate(), tokenUpdate({ at: 20 }), tokenUpdate({ at: 30 }))
  expect(world.snapshot().context.enrolledAt).toBe(20)
})

test('an Authenticate starts a new epoch, with nothing to push to and no tokens of the former one', () => {
  const world = after(
    authenticate(),
    tokenUpdate({ unlockTokenRef: 'unlock-1' }),
    userToken(),
    { type: 'mdm.SetBootstrapToken', at: now, ref: 'bootstrap-1' },
    authenticate({ at: 50 }),
  )
  expect(world.standing()).toBe('authenticated unassigned unenrolled')
  const { context } = world.snapshot()
  expect(context).toMatchObject({
    epoch: 2,
    enrolledAt: null,
    unlockTokenRef: null,
    bootstrapTokenRef: null,
  })
  expect(Object.keys(context.channels)).toEqual([device])
  expect(context.channels[device]).toMatchObject({ pushRef: null, since: 50 })
})

test('an Authenticate supersedes every open command, whatever its state and channel', () => {
  const world = after(
    ...enrolled,
    userToken(),
    enqueue('never-sent', { seq: 5 }),
    enqueue('of-a-user', { channel: user }),
    enqueue('deferred', { seq: 1 }),
    enqueue('unrepeatable', { seq: 2, repeatable: false }),
    enqueue('done', { seq: 3 }),
    enqueue('sent', { seq: 4 }),
    idle(),
    notNow('deferred'),
    // The device never reports on `unrepeatable` and starts anew.
    idle(),
    acknowledged('deferred'),
    acknowledged('done'),
  )
  expect(world.commands()).toEqual({
    'never-sent': 'queued',
    'of-a-user': 'queued',
    deferred: 'acknowledged',
    unrepeatable: 'unknown',
    done: 'acknowledged',
    sent: 'sent',
  })
  expect(world.ask(authenticate())).toEqual({ kind: 'done' })
  expect(world.commands()).toEqual({
    'never-sent': 'superseded',
    'of-a-user': 'superseded',
    deferred: 'acknowledged',
    unrepeatable: 'superseded',
    done: 'acknowledged',
    sent: 'superseded',
  })
  expect(world.snapshot().children).toEqual({})
})

test('a command left behind by a split does not survive into the next Authenticate', () => {
  const world = after(...enrolled, enqueue('A'), release({ mdm: mdmParts('ready', 500) }))
  expect(world.standing()).toBe('unenrolled unassigned unenrolled')
  world.send(authenticate())
  expect(world.commands()).toEqual({ A: 'superseded' })
})

for (const [said, end] of [
  ['a CheckOut', checkOut()],
  ["an operator's reset", reset],
] as const)
  test(`${said} ends the enrollment, every channel and every open command`, () => {
    const world = after(...enrolled, userToken(), enqueue('A'), enqueue('B', { channel: user }))
    expect(world.ask(end)).toEqual({ kind: 'done' })
    expect(world.standing()).toBe('unenrolled unassigned unenrolled')
    expect(world.snapshot().context.channels).toEqual({})
    expect(world.commands()).toEqual({ A: 'superseded', B: 'superseded' })
  })

test("a user's CheckOut ends that user's channel and commands, and nothing else", () => {
  const world = after(...enrolled, userToken(), enqueue('A'), enqueue('B', { channel: user }))
  expect(world.ask(checkOut(user))).toEqual({ kind: 'done' })
  expect(world.standing()).toBe('enrolled.ready unassigned unenrolled')
  expect(Object.keys(world.snapshot().context.channels)).toEqual([device])
  expect(world.commands()).toEqual({ A: 'queued', B: 'superseded' })
})

test('the CheckOut of a user we never met takes nobody along', () => {
  const world = after(...enrolled)
  expect(world.ask(checkOut(`${device}:NOBODY`))).toEqual({ kind: 'done' })
  expect(world.standing()).toBe('enrolled.ready unassigned unenrolled')
  expect(Object.keys(world.snapshot().context.channels)).toEqual([device])
})

test('a computer in Setup Assistant is released when it acknowledges DeviceConfigured', () => {
  const world = after(
    authenticate(),
    tokenUpdate({ awaitingConfiguration: true }),
    enqueue('P', { requestType: 'InstallProfile', seq: 1 }),
    enqueue('D', { requestType: 'DeviceConfigured', seq: 2 }),
    idle(),
    acknowledged('P'),
  )
  expect(world.standing()).toBe('enrolled.awaiting_configuration unassigned unenrolled')
  world.send(acknowledged('D'))
  expect(world.standing()).toBe('enrolled.ready unassigned unenrolled')
  expect(world.snapshot().children).toEqual({})
})

for (const failure of [report('Error', 'D'), report('CommandFormatError', 'D'), expiry('D')])
  test(`a computer in Setup Assistant stays there when DeviceConfigured meets ${failure.type}`, () => {
    const world = after(
      authenticate(),
      tokenUpdate({ awaitingConfiguration: true }),
      enqueue('D', { requestType: 'DeviceConfigured' }),
      idle(),
      failure,
    )
    expect(world.standing()).toBe('enrolled.awaiting_configuration unassigned unenrolled')
    expect(world.snapshot().children).toEqual({})
  })

test('a bootstrap token is kept, replaced and deleted at the word of the computer', () => {
  const world = after(...enrolled)
  for (const ref of ['bootstrap-1', 'bootstrap-2', null]) {
    expect(world.ask({ type: 'mdm.SetBootstrapToken', at: now, ref })).toEqual({ kind: 'done' })
    expect(world.snapshot().context.bootstrapTokenRef).toBe(ref)
  }
})

test('a host keeps 256 user channels beside the device channel', () => {
  const users = Array.from({ length: 257 }, (_, n) => userToken({ channel: `${device}:${n}` }))
  const keys = Object.keys(after(...enrolled, ...users).snapshot().context.channels)
  expect(keys).toEqual([device, ...users.slice(1).map(({ channel }) => channel)])
})

// prettier-ignore
const endings = [
  ['is wiped and enrols again', authenticate()],
  ['checks out',                checkOut()],
  ['is reset by an operator',   reset],
  ['lost its enrollment key to another', displaced],
] as const
for (const [what, ending] of endings) {
  test(`what was sealed for a computer is forgotten when it ${what}`, () => {
    const world = after(
      authenticate(),
      tokenUpdate({ pushRef: 'push/device', unlockTokenRef: 'unlock_token/device' }),
      { type: 'mdm.SetBootstrapToken', at: now, ref: 'bootstrap_token/device' },
    )
    const dropped = world
      .send(ending)
      .flatMap((effect) => (effect.type === 'secret.drop' ? [effect.params.ref] : []))
    expect(dropped).toEqual(['push/device', 'unlock_token/device', 'bootstrap_token/device'])
  })
}
