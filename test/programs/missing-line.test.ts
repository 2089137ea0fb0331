import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { missingLine } from './missing-reporter.ts'
import { needs } from './needs.ts'

afterEach(() => vi.unstubAllEnvs())

test('a run that skipped nothing says nothing', () => {
  expect(missingLine([])).toBeUndefined()
})

test('a run that skipped tests ends with their number, the missing programs and one command', () => {
  expect(missingLine([['openssl'], ['nginx', 'openssl']])).toBe(
    '2 tests were skipped: nginx, openssl are not on the PATH. On Debian or Ubuntu, run: sudo apt-get install -y nginx-light openssl',
  )
  expect(missingLine([['strace']])).toMatch(/^1 test was skipped: strace is not on the PATH\./)
})

test('a test is skipped only where a program it needs is missing, and never under CI', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-path-'))
  try {
    vi.stubEnv('CI', '')
    vi.stubEnv('PATH', folder)
    writeFileSync(join(folder, 'caddy'), '')
    // It is there and cannot be run.
    expect(needs('caddy')).toEqual({ skip: true, meta: { missing: ['caddy'] } })
    chmodSync(join(folder, 'caddy'), 0o755)
    expect(needs('caddy')).toEqual({})
    expect(needs('caddy', 'nginx')).toEqual({ skip: true, meta: { missing: ['nginx'] } })
    vi.stubEnv('CI', 'true')
    expect(needs('caddy', 'nginx')).toEqual({})
  } finally {
    rmSync(folder, { recursive: true })
  }
})
