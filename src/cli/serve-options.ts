/**
 * What the command line says about a server; all of it may come from the environment instead.
 *
 * Secrets come in files: everybody on a machine can read the arguments of its processes.
 */
export type ServeOptions = {
  /** `host:port`. */
  readonly listen?: string
  /** `host:port` for devices only. */
  readonly deviceListen?: string
  readonly data?: string
  readonly adminTokenFile?: string
  readonly enrollSecretFile?: string
  readonly masterKeyFile?: string
  readonly deviceAuth?: string
  readonly logLevel?: string
}

/** Each with its option's name, variable and help. */
export const serveFlags = [
  ['listen', 'MUSTER_LISTEN', '--listen <host:port>', 'where to listen (default 127.0.0.1:8080)'],
  [
    'deviceListen',
    'MUSTER_DEVICE_LISTEN',
    '--device-listen <host:port>',
    'devices on a listener of their own',
  ],
  ['data', 'MUSTER_DATA', '--data <folder>', 'database, blobs and keys (default ./data)'],
  [
    'adminTokenFile',
    'MUSTER_ADMIN_TOKEN',
    '--admin-token-file <file>',
    'an admin token beside those created',
  ],
  [
    'enrollSecretFile',
    'MUSTER_ENROLL_SECRET',
    '--enroll-secret-file <file>',
    'an osquery enroll secret beside those created',
  ],
  [
    'masterKeyFile',
    'MUSTER_MASTER_KEY',
    '--master-key-file <file>',
    '32 bytes as base64 or hexadecimal; else data/master.key',
  ],
  ['deviceAuth', 'MUSTER_DEVICE_AUTH', '--device-auth <mode>', 'none: loopback only'],
  ['logLevel', 'MUSTER_LOG_LEVEL', '--log-level <level>', 'debug, info, warn, error or silent'],
] as const satisfies readonly (readonly [keyof ServeOptions, string, string, string])[]
