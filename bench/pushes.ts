// How fast pushes leave: a thousand of them over one connection, to a push service in the same process.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createApns } from '../src/effects/apns/apns.ts'
import { selfSigned } from '../src/pki/certificate-issue.ts'
import { commonName } from '../src/pki/distinguished-name.ts'
import { writePem } from '../src/pki/pem.ts'
import { ok } from '../src/result.ts'
import { openApnsServer } from '../src/simulator/apns-server.ts'
import { realWorld } from '../src/world.ts'
import { type Bench, type Figure, timed } from './figure.ts'

const topic = 'com.apple.mgmt.External.bench'
const atOnce = 1_000

export const pushes: Bench = {
  name: 'pushes',
  async run() {
    const service = identityOf('localhost')
    const ours = identityOf('bench', topic)
    const server = await openApnsServer({ cert: service.certificate, key: service.key })
    const apns = createApns({
      endpoint: { url: server.url, ca: [service.certificate] },
      world: realWorld,
      identityOf: async () => ok(ours),
    })
    const ms = await timed({ rounds: 9 }, async () => {
      const outcomes = await Promise.all(
        Array.from({ length: atOnce }, () =>
          apns.push({
            topic,
            token: randomBytes(32),
            magic: 'F4C1A2B0-0000-4000-8000-000000000001',
          }),
        ),
      )
      if (outcomes.some(({ kind }) => kind !== 'pushed')) throw new Error('a push was not taken')
    })
    const { made } = server.connections()
    await apns.close()
    await server.close()
    if (made !== 1) throw new Error(`the pushes took ${made} connections`)
    const figure: Figure = {
      what: '1,000 pushes over one connection',
      value: ms,
      unit: 'ms',
      target: { kind: 'at-most', value: 1_000 },
    }
    return [figure]
  },
}

const uid = '0.9.2342.19200300.100.1.1'
const dayMs = 86_400_000

function identityOf(name: string, topicOfIt?: string): { certificate: string; key: string } {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const der = selfSigned(pair, {
    authority: true,
    subject: [
      ...(topicOfIt === undefined ? [] : [{ oid: uid, value: topicOfIt }]),
      commonName(name),
    ],
    serial: randomBytes(16),
    notBeforeMs: Date.now() - dayMs,
    notAfterMs: Date.now() + dayMs,
  })
  return {
    certificate: writePem('CERTIFICATE', der),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
