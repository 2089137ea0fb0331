// A computer that acknowledged EraseDevice, over the wire.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

test('a computer that acknowledged EraseDevice is erased and not enrolled, until it enrols again', async () => {
  const mac = await stage.enrolled()
  const wish = { request_type: 'EraseDevice', payload: { PIN: '123456' } }
  const sent = await stage.operator.post(`/hosts/${mac.serial}/commands`, wish)
  await mac.idle()
  await mac.report('Acknowledged', String(sent.body['command_uuid']))
  expect(await stage.host(mac.serial)).toMatchObject({
    mdm: { state: 'enrolled.erased' },
    lifecycle: 'unenrolled',
    status: 'off',
  })
  const late = await stage.operator.post(`/hosts/${mac.serial}/commands`, {
    request_type: 'ProfileList',
  })
  expect(late).toMatchObject({ status: 409, body: { type: '/problems/not-enrolled' } })
  await mac.enrolInMdm()
  expect(await stage.host(mac.serial)).toMatchObject({
    mdm: { state: 'enrolled.ready' },
    lifecycle: 'mdm_enrolled',
  })
})
