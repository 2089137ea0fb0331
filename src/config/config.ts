// How a server is set up: flags win over environment variables, and a wrong value stops the start.
import type { ServeOptions } from '../cli/serve-options.ts'
import { type AgentsConfig, agentSettings } from './agents.ts'
import { type BackupConfig, backupSettings } from './backup.ts'
import { type DevicesConfig, deviceSettings, devicesFault } from './devices.ts'
import { type EnrollmentConfig, enrollmentSettings } from './enrollment.ts'
import { type Allows, readAllowList } from '../effects/webhooks/allow-list.ts'
import { type PushConfig, pushSettings } from './push.ts'
import { type RetentionConfig, retentionSettings } from './retention.ts'
import { fail, ok, type Result } from '../result.ts'
import { givenText } from './text.ts'
import { type Environment, oneOf, readSecret, readSize, type Setting } from './setting.ts'

export type Address = { readonly host: string; readonly port: number }

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export type Config = EnrollmentConfig &
  DevicesConfig &
  PushConfig &
  BackupConfig &
  RetentionConfig &
  AgentsConfig & {
    readonly listen: Address
    /** Where devices are served; with the operators when undefined. */
    readonly deviceListen: Address | undefined
    readonly data: string
    /** Valid beside the tokens and secrets created here. */
    readonly adminToken: string | undefined
    readonly enrollSecret: string | undefined
    readonly masterKey: string | undefined
    readonly logLevel: LogLevel
    /** Bytes that all request bodies under way may take together. */
    readonly bodyMemory: number
    /** Receivers of webhooks inside the own network. */
    readonly webhookAllow: Allows | undefined
  }

const settings: { readonly [Name in keyof Config]: Setting<Config[Name]> } = {
  listen: {
    flag: 'listen',
    variable: 'MUSTER_LISTEN',
    read: readAddress,
    fallback: { host: '127.0.0.1', port: 8080 },
  },
  deviceListen: {
    flag: 'deviceListen',
    variable: 'MUSTER_DEVICE_LISTEN',
    read: readAddress,
    fallback: undefined,
  },
  data: { flag: 'data', variable: 'MUSTER_DATA', read: ok, fallback: '../data' },
  adminToken: {
    flag: 'adminTokenFile',
    variable: 'MUSTER_ADMIN_TOKEN',
    read: readSecret,
    fallback: undefined,
  },
  enrollSecret: {
    flag: 'enrollSecretFile',
    variable: 'MUSTER_ENROLL_SECRET',
    read: readSecret,
    fallback: undefined,
  },
  masterKey: {
    flag: 'masterKeyFile',
    variable: 'MUSTER_MASTER_KEY',
    read: ok,
    fallback: undefined,
  },
  logLevel: {
    flag: 'logLevel',
    variable: 'MUSTER_LOG_LEVEL',
    read: oneOf(['debug', 'info', 'warn', 'error', 'silent']),
    fallback: 'info',
  },
  bodyMemory: {
    flag: 'bodyMemory',
    variable: 'MUSTER_BODY_MEMORY',
    read: readSize({ minMb: 64 }),
    fallback: 256 * 1_024 * 1_024,
  },
  webhookAllow: {
    flag: 'webhookAllow',
    variable: 'MUSTER_WEBHOOK_ALLOW',
    read: readAllowList,
    fallback: undefined,
  },
  ...deviceSettings,
  ...enrollmentSettings,
  ...pushSettings,
  ...backupSettings,
  ...retentionSettings,
  ...agentSettings,
}

/** Reads the whole setup. Fails with one sentence that names the setting. */
export function readConfig(flags: ServeOptions, env: Environment): Result<Config, string> {
  const read: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    const value = readSetting(setting as Setting<unknown>, flags, env)
    if (!value.ok) return value
    read[name] = value.value
  }
  // Every setting was read by the reader that its name has in the table.
  const config = read as Config
  const fault = devicesFault(config)
  return fault === undefined ? loopbackOnly(config) : fail(fault)
}

function readSetting<Value>(
  setting: Setting<Value>,
  flags: ServeOptions,
  env: Environment,
): Result<Value, string> {
  const given = givenText(setting, flags, env)
  if (!given.ok) return given
  if (given.value === undefined) return ok(setting.fallback)
  const { name, text } = given.value
  const value = setting.read(text)
  return value.ok ? value : fail(`${name} ${value.error}.`)
}

function readAddress(text: string): Result<Address, string> {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535)
    return fail('must be host:port, such as 127.0.0.1:8080')
  return ok({ host, port: Number(port) })
}

/** While devices are believed without proof, nobody but this machine may be able to play one. */
function loopbackOnly(config: Config): Result<Config, string> {
  if (config.deviceAuth !== 'none') return ok(config)
  const open = (['listen', 'deviceListen'] as const).find((name) => {
    const address = config[name]
    return address !== undefined && !isLoopback(address.host)
  })
  return open === undefined
    ? ok(config)
    : fail(
        `${settings[open].variable} must be a loopback address while device authentication is off (MUSTER_DEVICE_AUTH=none), not ${config[open]?.host}.`,
      )
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
