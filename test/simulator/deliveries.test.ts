import { expect, test } from 'vitest'
import { createDeliveries } from '../../src/simulator/deliveries.ts'

const unsafe = { commandUUID: 'A', requestType: 'EraseDevice', unsafe: true }
const safe = { commandUUID: 'A', requestType: 'SecurityInfo', unsafe: false }

// prettier-ignore
const cases = [
  // what happened                                    is found at the end
  [[safe, safe],                                      undefined],
  [[safe, 'Acknowledged', safe],                      'command-after-result'],
  [[safe, 'Error', safe],                             'command-after-result'],
  [[safe, 'CommandFormatError', safe],                'command-after-result'],
  [[safe, 'NotNow', safe, 'NotNow', safe],            undefined],
  [[unsafe, unsafe],                                  'command-unsafe-repeated'],
  [[unsafe, 'NotNow', unsafe],                        undefined],
  [[unsafe, 'NotNow', unsafe, unsafe],                'command-unsafe-repeated'],
  [[safe, 'new life', safe],                          'command-from-former-life'],
  [[safe, 'NotNow', 'new life', safe],                'command-from-former-life'],
  [['new life', safe, 'NotNow', safe],                undefined],
] as const

for (const [steps, rule] of cases) {
  const told = steps.map((step) => (typeof step === 'string' ? step : step.requestType)).join(', ')
  test(`${told} is ${rule ?? 'right'}`, () => {
    const deliveries = createDeliveries()
    let found: string | undefined
    for (const step of steps) {
      if (step === 'new life') deliveries.newLife()
      else if (typeof step === 'string') deliveries.reported('A', step)
      else found = deliveries.delivered(step)[0]?.rule
    }
    expect(found).toBe(rule)
  })
}
