// The flags an agent needs to work with this server. Source: osquery docs, "Command Line Flags".

/** Without it an agent reads its configuration once, when it starts. */
const configRefreshSeconds = 300

/** What the documentation, the console and the CLI give out, one flag a line, as osquery's `--flagfile` reads it. */
export const agentFlags = (host: string): readonly string[] => [
  `--tls_hostname=${host}`,
  '--tls_server_certs=/etc/osquery/server-ca.pem',
  '--enroll_secret_path=/etc/osquery/enroll-secret',
  '--enroll_tls_endpoint=/api/osquery/enroll',
  // The hardware's own UUID: a host name changes, and an instance is copied with a disk.
  '--host_identifier=uuid',
  '--config_plugin=tls',
  '--config_tls_endpoint=/api/osquery/config',
  `--config_refresh=${configRefreshSeconds}`,
  '--config_enable_backup=true',
  '--logger_plugin=tls',
  '--logger_tls_endpoint=/api/osquery/log',
  '--logger_tls_period=10',
  '--logger_tls_compress=true',
  '--disable_distributed=false',
  '--distributed_plugin=tls',
  '--distributed_interval=60',
  '--distributed_tls_max_attempts=3',
  '--distributed_tls_read_endpoint=/api/osquery/distributed/read',
  '--distributed_tls_write_endpoint=/api/osquery/distributed/write',
  '--pack_delimiter=/',
]
