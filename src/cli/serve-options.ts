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
  readonly clockSkew?: string
  readonly certificateHeader?: string
  readonly proxies?: string
  readonly proxySecretFile?: string
  readonly tlsCertificate?: string
  readonly tlsKey?: string
  readonly formerCaFile?: string
  readonly declarationsUrl?: string
  readonly logLevel?: string
  readonly webhookAllow?: string
  readonly bodyMemory?: string
  readonly publicUrl?: string
  readonly pushTopic?: string
  readonly caCertificateFile?: string
  readonly caKeyFile?: string
  readonly scepChallengeFile?: string
  readonly challengeLifetime?: string
  readonly certificateLifetime?: string
  readonly renewBefore?: string
  readonly tlsRootFile?: string
  readonly profileSignerFile?: string
  readonly deviceRootFile?: string
  readonly ade?: string
  readonly apnsUrl?: string
  readonly apnsCaFile?: string
  readonly accountEnrollment?: string
  readonly agentCooldown?: string
  readonly enrollsPerAddress?: string
  readonly enrollsPerMinute?: string
  readonly backupEvery?: string
  readonly backupKeep?: string
  readonly backupFolder?: string
  readonly keepJournal?: string
  readonly keepCommands?: string
  readonly keepResults?: string
  readonly keepCertificates?: string
  readonly keepLogs?: string
  readonly keepDeliveries?: string
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
  [
    'deviceAuth',
    'MUSTER_DEVICE_AUTH',
    '--device-auth <mode>',
    'how devices are known: signature (default), mtls, header, or none on loopback only',
  ],
  [
    'clockSkew',
    'MUSTER_CLOCK_SKEW',
    '--clock-skew <duration>',
    'how far the clock of a device that signs may be off (default 1d)',
  ],
  [
    'certificateHeader',
    'MUSTER_CERTIFICATE_HEADER',
    '--certificate-header <name>',
    'where proxies write the certificate of a device (default Client-Cert)',
  ],
  [
    'proxies',
    'MUSTER_PROXIES',
    '--proxies <networks>',
    'where our proxies connect from, such as 10.0.0.0/8, several by comma',
  ],
  [
    'proxySecretFile',
    'MUSTER_PROXY_SECRET',
    '--proxy-secret-file <file>',
    'what proxies say in X-Muster-Proxy-Secret besides',
  ],
  [
    'tlsCertificate',
    'MUSTER_TLS_CERTIFICATE',
    '--tls-certificate <file>',
    'serve TLS with this certificate and its chain, as PEM; read again when it changes',
  ],
  ['tlsKey', 'MUSTER_TLS_KEY', '--tls-key <file>', 'its private key, as PEM'],
  [
    'formerCaFile',
    'MUSTER_FORMER_CA',
    '--former-ca-file <file>',
    'take over the devices of another server, by its authority as PEM',
  ],
  [
    'declarationsUrl',
    'MUSTER_DECLARATIONS_URL',
    '--declarations-url <url>',
    "a server that answers for declarations, as NanoMDM's -dm; without one devices get an empty set",
  ],
  [
    'webhookAllow',
    'MUSTER_WEBHOOK_ALLOW',
    '--webhook-allow <list>',
    'receivers in the own network: host[:port], address[:port] or network/bits, several by comma',
  ],
  [
    'bodyMemory',
    'MUSTER_BODY_MEMORY',
    '--body-memory <size>',
    'for all request bodies under way together (default 256MB)',
  ],
  ['logLevel', 'MUSTER_LOG_LEVEL', '--log-level <level>', 'debug, info, warn, error or silent'],
  [
    'publicUrl',
    'MUSTER_PUBLIC_URL',
    '--public-url <url>',
    'where devices reach this server; needed unless it is this machine only',
  ],
  [
    'pushTopic',
    'MUSTER_PUSH_TOPIC',
    '--push-topic <topic>',
    'what devices listen to (default: that of the push certificate)',
  ],
  [
    'caCertificateFile',
    'MUSTER_CA_CERTIFICATE',
    '--ca-certificate-file <file>',
    'an RSA authority of your own for device certificates, as PEM',
  ],
  ['caKeyFile', 'MUSTER_CA_KEY', '--ca-key-file <file>', 'its private key, as PEM'],
  [
    'scepChallengeFile',
    'MUSTER_SCEP_CHALLENGE',
    '--scep-challenge-file <file>',
    'a challenge that never ends, for simulators and migrations',
  ],
  [
    'challengeLifetime',
    'MUSTER_CHALLENGE_LIFETIME',
    '--challenge-lifetime <duration>',
    'from profile to certificate (default 1h)',
  ],
  [
    'certificateLifetime',
    'MUSTER_CERTIFICATE_LIFETIME',
    '--certificate-lifetime <duration>',
    'of device certificates (default 365d)',
  ],
  [
    'renewBefore',
    'MUSTER_RENEW_BEFORE',
    '--renew-before <duration>',
    'how long before its end a device certificate is renewed (default 60d)',
  ],
  [
    'tlsRootFile',
    'MUSTER_TLS_ROOT',
    '--tls-root-file <file>',
    'certificates devices are to trust for our TLS, as PEM',
  ],
  [
    'profileSignerFile',
    'MUSTER_PROFILE_SIGNER',
    '--profile-signer-file <file>',
    'certificate, key and chain that sign profiles, as PEM',
  ],
  [
    'deviceRootFile',
    'MUSTER_DEVICE_ROOT',
    '--device-root-file <file>',
    "authorities believed like Apple's about devices: for simulators only",
  ],
  ['ade', 'MUSTER_ADE', '--ade <who>', 'who may enrol by itself: assigned (default) or any'],
  [
    'apnsUrl',
    'MUSTER_APNS_URL',
    '--apns-url <url>',
    "another push service than Apple's, for tests (default https://api.push.apple.com:443)",
  ],
  [
    'apnsCaFile',
    'MUSTER_APNS_CA',
    '--apns-ca-file <file>',
    'an authority trusted for it beside the usual ones, as PEM',
  ],
  [
    'accountEnrollment',
    'MUSTER_ACCOUNT_ENROLLMENT',
    '--account-enrollment <version=url>',
    'account-driven enrolment: mdm-byod or mdm-adde and where it is served',
  ],
  [
    'agentCooldown',
    'MUSTER_AGENT_COOLDOWN',
    '--agent-cooldown <duration>',
    'how long the osquery agent of a host must be silent before the host takes another one (default 10m)',
  ],
  [
    'enrollsPerAddress',
    'MUSTER_ENROLLS_PER_ADDRESS',
    '--enrolls-per-address <n>',
    'osquery agents that may enrol each minute from one address; ten times as many at once (default 120)',
  ],
  [
    'enrollsPerMinute',
    'MUSTER_ENROLLS_PER_MINUTE',
    '--enrolls-per-minute <n>',
    'osquery agents that may enrol each minute in sum; ten times as many at once (default 1200)',
  ],
  [
    'backupEvery',
    'MUSTER_BACKUP_EVERY',
    '--backup-every <duration>',
    'make a backup this often, such as 6h (default: none)',
  ],
  [
    'backupKeep',
    'MUSTER_BACKUP_KEEP',
    '--backup-keep <n>',
    'how many of these backups to keep (default 7)',
  ],
  [
    'backupFolder',
    'MUSTER_BACKUP_FOLDER',
    '--backup-folder <folder>',
    'where to write them (default: backups in the data folder; another disk is better)',
  ],
  [
    'keepJournal',
    'MUSTER_KEEP_JOURNAL',
    '--keep-journal <duration>',
    'how long to keep the journal (default 400d)',
  ],
  [
    'keepCommands',
    'MUSTER_KEEP_COMMANDS',
    '--keep-commands <duration>',
    'how long to keep finished commands (default 400d)',
  ],
  [
    'keepResults',
    'MUSTER_KEEP_RESULTS',
    '--keep-results <duration>',
    'how long to keep what devices answered (default 400d)',
  ],
  [
    'keepCertificates',
    'MUSTER_KEEP_CERTIFICATES',
    '--keep-certificates <duration>',
    'how long to keep replaced certificates after their end (default 400d)',
  ],
  [
    'keepLogs',
    'MUSTER_KEEP_LOGS',
    '--keep-logs <duration>',
    'how long to keep full files of osquery logs (default 400d)',
  ],
  [
    'keepDeliveries',
    'MUSTER_KEEP_DELIVERIES',
    '--keep-deliveries <duration>',
    'how long to keep deliveries of webhooks that are over (default 7d)',
  ],
] as const satisfies readonly (readonly [keyof ServeOptions, string, string, string])[]
