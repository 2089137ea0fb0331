import { expect, test } from 'vitest'
import type { Certificate } from '../../src/pki/certificate.ts'
import { createDeviceCertificates } from '../../src/pki/device-certificates.ts'
import { authority, device } from './signers.ts'

const root = authority('Muster CA')
const [one, two, three] = ['one', 'two', 'three'].map(
  (name) => device(root, name, 'ec').certificate,
)
const stranger = device(authority('Muster CA'), 'a stranger', 'ec').certificate

/** How often the authorities were asked for is how often a chain was verified. */
function counting(authorities: readonly Certificate[], rememberedMax?: number) {
  let asked = 0
  const certificates = createDeviceCertificates(() => {
    asked += 1
    return authorities
  }, rememberedMax)
  const kindOf = (certificate: Certificate | undefined) => {
    // A copy each time: what is remembered goes by what it says.
    const read = certificates.read(Uint8Array.from(certificate?.der ?? []))
    return read.ok ? 'believed' : read.error.kind
  }
  return { kindOf, asked: () => asked }
}

test('a chain is verified once, however often its device speaks', () => {
  const { kindOf, asked } = counting([root.certificate])
  for (let times = 0; times < 5; times += 1) {
    expect(kindOf(one)).toBe('believed')
    expect(kindOf(two)).toBe('believed')
  }
  expect(asked()).toBe(2)
})

test('what is refused is not remembered: it takes no room, and an authority may come later', () => {
  const authorities: Certificate[] = []
  const { kindOf, asked } = counting(authorities)
  expect(kindOf(one)).toBe('unknown-authority')
  expect(kindOf(one)).toBe('unknown-authority')
  expect(asked()).toBe(2)
  authorities.push(root.certificate)
  expect(kindOf(one)).toBe('believed')
  expect(kindOf(stranger)).toBe('unknown-authority')
})

test('no more are remembered than there is room for, and the one longest silent goes first', () => {
  const { kindOf, asked } = counting([root.certificate], 2)
  for (const certificate of [one, two, one, three]) expect(kindOf(certificate)).toBe('believed')
  expect(asked()).toBe(3)
  expect(kindOf(one)).toBe('believed')
  expect(kindOf(three)).toBe('believed')
  expect(asked()).toBe(3)
  expect(kindOf(two)).toBe('believed')
  expect(asked()).toBe(4)
})

test('an authority is no device, and what is no certificate is none', () => {
  const { kindOf } = counting([root.certificate])
  expect(kindOf(root.certificate)).toBe('not-a-device')
  expect(kindOf(undefined)).toBe('not-a-certificate')
})
