// A server on a throw-away folder with a small fleet living its life: something true to look at within a minute.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from './config/config.ts'
import { openDemoPush } from './demo-push.ts'
import { mintToken } from './secrets/tokens.ts'
import { serve, type Talk } from './serve.ts'
import { demoOptions, simulate, violationLines } from './simulator/run.ts'

const demoTopic = 'com.apple.mgmt.External.7b7f5f2c-0b6e-4c0a-9a53-51a1d2c3b4e5'

/** Runs until aborted, then leaves nothing behind. Resolves with 1 when the server broke a rule. */
export async function demo(config: Config, talk: Talk, signal: AbortSignal): Promise<0 | 1> {
  const data = mkdtempSync(join(tmpdir(), 'muster-demo-'))
  const adminToken = config.adminToken ?? mintToken('muster_')
  const enrollSecret = config.enrollSecret ?? mintToken('enroll_')
  const pushTopic = config.pushTopic ?? demoTopic
  const push = await openDemoPush(pushTopic)
  try {
    const quiet = config.logLevel === 'info' ? 'error' : config.logLevel
    const running = await serve(
      { ...config, ...push.settings, data, adminToken, enrollSecret, pushTopic, logLevel: quiet },
      () => {},
    )
    await push.upload({ url: running.url, token: adminToken })
    talk(`Muster's demo: ${running.url}`)
    talk(`  sign in with    ${adminToken}`)
    talk(`  data            ${data}   (thrown away at the end)`)
    talk(`  pushes          go to a push service of the demo's own, ${push.settings.apnsUrl}`)
    talk('  30 simulated computers are being assigned, enrolling, answering, failing and leaving.')
    talk('  Press Ctrl-C to end.')
    const { hosts = 30, ...options } = demoOptions
    const summary = await simulate({
      ...options,
      enrolling: true,
      hosts,
      url: running.url,
      token: adminToken,
      enrollSecret,
      eachPush: push.eachPush,
      signal,
    })
    await running.stop()
    const violations = violationLines(summary)
    for (const line of violations) talk(line)
    return violations.length === 0 ? 0 : 1
  } finally {
    await push.close()
    rmSync(data, { recursive: true, force: true })
  }
}
