/** A configuration document as osquery's TLS config plugin reads it. Source: osquery docs, "Configuration". */
export type OsqueryConfig = {
  /** Only flags that may be set remotely; the others are ignored by the agent with a warning. */
  readonly options: Readonly<Record<string, string | number | boolean>>
  readonly schedule: Readonly<Record<string, ScheduledQuery>>
}

export type ScheduledQuery = {
  readonly query: string
  /** Seconds awake. */
  readonly interval: number
  readonly snapshot?: boolean
  readonly removed?: boolean
  readonly platform?: string
}

/** What every host runs unless told otherwise: little, and nothing that reads large tables often. */
export const defaultConfig: OsqueryConfig = {
  options: {
    disable_distributed: false,
    distributed_interval: 60,
    logger_tls_period: 10,
    logger_tls_max_lines: 1024,
    logger_tls_compress: true,
    // Pack and query names may hold the usual `_`, so it could not be split again.
    pack_delimiter: '/',
    schedule_splay_percent: 10,
  },
  schedule: {
    os_version: { query: 'SELECT * FROM os_version', interval: 86_400, snapshot: true },
    users: { query: 'SELECT uid, username, description, shell FROM users', interval: 3_600 },
    startup_items: {
      query: 'SELECT name, path, type, source, status, username FROM startup_items',
      interval: 3_600,
    },
    osquery_schedule: {
      query:
        'SELECT name, executions, wall_time_ms, average_memory, denylisted FROM osquery_schedule',
      interval: 3_600,
      snapshot: true,
    },
  },
}

const utf8 = new TextEncoder()

const renderConfig = (config: OsqueryConfig): Uint8Array => utf8.encode(JSON.stringify(config))

/** The default document, rendered once for all hosts. */
export const defaultConfigBytes: Uint8Array = renderConfig(defaultConfig)

/** For a host whose batch was too large: it would send the same one for ever, so let it send fewer lines. */
export const configBytes = (linesMax: number): Uint8Array =>
  renderConfig({
    ...defaultConfig,
    options: { ...defaultConfig.options, logger_tls_max_lines: linesMax },
  })
