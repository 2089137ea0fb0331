// Requests that no HTTP client would send, as they stand on the wire, and what must come back.

/** Whose words the last answer is in; `parser` when Node refused before anybody was asked. */
export type Dialect = 'mdm' | 'osquery' | 'api' | 'page' | 'health' | 'parser'

export type RawRequest = {
  readonly name: string
  readonly text: string
  /** The statuses that come back, in order; `400?` may be lost when the connection is reset. */
  readonly statuses: readonly string[]
  readonly dialect: Dialect
}

const crlf = '\r\n'
const udid = '5D0C9B1E-7A42-4E4B-9F57-0B1C2D3E4F50'
const idle = `<plist version="1.0"><dict><key>Status</key><string>Idle</string><key>UDID</key><string>${udid}</string></dict></plist>`
const type = 'Content-Type: application/x-apple-aspen-mdm'
const length = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}`
const host = 'Host: muster'
const close = 'Connection: close'

const raw = (line: string, headers: readonly string[], body = ''): string =>
  [line, ...headers, '', body].join(crlf)

const put = (headers: readonly string[], body = idle, line = 'PUT /mdm HTTP/1.1'): string =>
  raw(line, [host, type, close, ...headers], body)
const whole = put([length(idle)])
const lasting = raw('PUT /mdm HTTP/1.1', [host, type, length(idle)], idle)
const get = (path: string, more: readonly string[] = []): string =>
  raw(`GET ${path} HTTP/1.1`, [host, close, ...more])
const post = (path: string, body: string, more: readonly string[] = []): string =>
  raw(
    `POST ${path} HTTP/1.1`,
    [host, close, 'Content-Type: application/json', length(body), ...more],
    body,
  )
const chunk = (text: string, extension = ''): string =>
  `${Buffer.byteLength(text).toString(16)}${extension}${crlf}${text}${crlf}`
const chunked = (...chunks: readonly string[]): string =>
  put(['Transfer-Encoding: chunked'], `${chunks.join('')}0${crlf}${crlf}`)

type Row = readonly [name: string, text: string, statuses: string, dialect: Dialect]

const lengths: readonly Row[] = [
  ['a sound request', whole, '200', 'mdm'],
  ['a length and chunks', put([length(idle), 'Transfer-Encoding: chunked']), '400', 'parser'],
  ['chunks and a length', put(['Transfer-Encoding: chunked', length(idle)]), '400', 'parser'],
  ['two lengths that differ', put([length(idle), 'Content-Length: 5']), '400', 'parser'],
  ['two lengths that agree', put([length(idle), length(idle)]), '400', 'parser'],
  ['a list of lengths', put([`${length(idle)}, ${idle.length}`]), '400', 'parser'],
  ['a negative length', put(['Content-Length: -1']), '400', 'parser'],
  ['a length with a plus', put([`Content-Length: +${idle.length}`]), '400', 'parser'],
  ['a hexadecimal length', put(['Content-Length: 0x10']), '400', 'parser'],
  ['half a length', put(['Content-Length: 10.5']), '400', 'parser'],
  ['a length beyond any number', put([`Content-Length: ${'9'.repeat(40)}`]), '400', 'parser'],
  ['an empty length', put(['Content-Length:']), '400', 'parser'],
  ['a length too large for the route', put(['Content-Length: 999999999999']), '413', 'mdm'],
  ['no length and no body', put([], ''), '400', 'mdm'],
  ['a length of nothing', put(['Content-Length: 0'], ''), '400', 'mdm'],
  ['a body behind a length of nothing', put(['Content-Length: 0']), '400', 'parser'],
  [
    'an identity that is a coding of transfer',
    put(['Transfer-Encoding: identity']),
    '400',
    'parser',
  ],
  [
    'gzip as a coding of transfer',
    put(['Transfer-Encoding: gzip, chunked'], `0${crlf}${crlf}`),
    '400',
    'mdm',
  ],
  ['chunked, spelled oddly', put(['Transfer-Encoding: xchunked'], chunk(idle)), '400', 'parser'],
  [
    'chunked before another coding',
    put(['Transfer-Encoding: chunked, gzip'], chunk(idle)),
    '400',
    'parser',
  ],
]

const chunks: readonly Row[] = [
  ['chunks', chunked(chunk(idle)), '200', 'mdm'],
  [
    'a chunk per letter',
    chunked(...[...Buffer.from(idle)].map((byte) => chunk(String.fromCharCode(byte)))),
    '200',
    'mdm',
  ],
  ['a chunk with an extension', chunked(chunk(idle, ';name=value')), '200', 'mdm'],
  ['a chunk with a quoted extension', chunked(chunk(idle, ';name="a;b"')), '200', 'mdm'],
  [
    'a chunk with 20 kB of extension',
    chunked(chunk(idle, `;${'x'.repeat(20_000)}`)),
    '413',
    'parser',
  ],
  ['a chunk with a zero in front', chunked(`000${chunk(idle)}`), '200', 'mdm'],
  [
    'a chunk of no number',
    put(['Transfer-Encoding: chunked'], `zz${crlf}${idle}`),
    '400',
    'parser',
  ],
  [
    'a chunk of a negative size',
    put(['Transfer-Encoding: chunked'], `-1${crlf}${idle}`),
    '400',
    'parser',
  ],
  [
    'a chunk of a size beyond any number',
    put(['Transfer-Encoding: chunked'], `${'f'.repeat(20)}${crlf}${idle}`),
    '400',
    'parser',
  ],
  [
    'a chunk that ends in a bare line feed',
    put(['Transfer-Encoding: chunked'], `5\nhello\n0\n\n`),
    '400',
    'parser',
  ],
  [
    'a chunk longer than it says',
    put(['Transfer-Encoding: chunked'], `5${crlf}${idle}${crlf}0${crlf}${crlf}`),
    '400',
    'parser',
  ],
  [
    'trailers',
    put(['Transfer-Encoding: chunked'], `${chunk(idle)}0${crlf}X-After: 1${crlf}${crlf}`),
    '200',
    'mdm',
  ],
  [
    'a length among the trailers',
    put(['Transfer-Encoding: chunked'], `${chunk(idle)}0${crlf}Content-Length: 5${crlf}${crlf}`),
    '400',
    'parser',
  ],
]

const lines: readonly Row[] = [
  ['no request line', `\u0000\u0001\u0002${crlf}${crlf}`, '400', 'parser'],
  ['TLS on a port without it', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001', '400', 'parser'],
  ['an empty line first', crlf + whole, '200', 'mdm'],
  ['HTTP/0.9', `GET /livez${crlf}${crlf}`, '200', 'health'],
  ['HTTP/1.0', whole.replace('HTTP/1.1', 'HTTP/1.0'), '200', 'mdm'],
  ['HTTP/1.2', whole.replace('HTTP/1.1', 'HTTP/1.2'), '400', 'parser'],
  ['HTTP/2.0', whole.replace('HTTP/1.1', 'HTTP/2.0'), '200', 'mdm'],
  ['the preface of HTTP/2', `PRI * HTTP/2.0${crlf}${crlf}SM${crlf}${crlf}`, '400', 'parser'],
  ['a protocol in small letters', whole.replace('HTTP/1.1', 'http/1.1'), '400', 'parser'],
  ['another protocol', whole.replace('HTTP/1.1', 'ICAP/1.0'), '400', 'parser'],
  ['a method nobody knows', whole.replace('PUT', 'TELEPORT'), '400', 'parser'],
  ['a method in small letters', whole.replace('PUT', 'put'), '400', 'parser'],
  ['no method', whole.replace('PUT ', ''), '400', 'parser'],
  ['no path', whole.replace(' /mdm ', ' '), '400', 'parser'],
  ['two blanks before the path', whole.replace('PUT /', 'PUT  /'), '200', 'mdm'],
  ['a tab before the path', whole.replace('PUT /', 'PUT\t/'), '400', 'parser'],
  ['a blank in the path', whole.replace('/mdm', '/m dm'), '400', 'parser'],
  ['a path that is not ASCII', whole.replace('/mdm', '/md\u00ff'), '400', 'parser'],
  ['a control character in the path', whole.replace('/mdm', '/mdm\u0001'), '400', 'parser'],
  ['a path of 40 kB', get(`/${'a'.repeat(40_000)}`), '431', 'parser'],
  ['CONNECT', raw('CONNECT muster:80 HTTP/1.1', [host, close]), '', 'parser'],
  ['TRACE', raw('TRACE /mdm HTTP/1.1', [host, close]), '405', 'mdm'],
  ['OPTIONS of everything', raw('OPTIONS * HTTP/1.1', [host, close]), '400', 'parser'],
]

const headers: readonly Row[] = [
  ['no host', raw('PUT /mdm HTTP/1.1', [type, close, length(idle)], idle), '400', 'parser'],
  ['two hosts', put(['Host: other', length(idle)]), '400', 'mdm'],
  ['a host that is a path', whole.replace('Host: muster', 'Host: a/b'), '400', 'parser'],
  ['a host with markup', whole.replace('Host: muster', 'Host: <script>'), '400', 'parser'],
  ['a header without a colon', put(['no colon', length(idle)]), '400', 'parser'],
  ['a header without a name', put([': x', length(idle)]), '400', 'parser'],
  ['a blank before the colon', put([`Content-Length : ${idle.length}`]), '400', 'parser'],
  ['a folded header', put([`X-Folded: a${crlf} b`, length(idle)]), '400', 'parser'],
  ['bare line feeds', whole.replaceAll(crlf, '\n'), '400', 'parser'],
  ['a bare carriage return', put([`X: a\rb`, length(idle)]), '400', 'parser'],
  ['a NUL in a header', put(['X: a\u0000b', length(idle)]), '400', 'parser'],
  ['a header name of 5 kB', put([`${'X'.repeat(5_000)}: 1`, length(idle)]), '200', 'mdm'],
  ['a header of 20 kB', put([`X: ${'x'.repeat(20_000)}`, length(idle)]), '200', 'mdm'],
  ['a header of 40 kB', put([`X: ${'x'.repeat(40_000)}`, length(idle)]), '431', 'parser'],
  [
    '300 headers',
    put([...Array.from({ length: 300 }, (_, nth) => `X-${nth}: 1`), length(idle)]),
    '200',
    'mdm',
  ],
  [
    '3,000 headers',
    put([...Array.from({ length: 3_000 }, (_, nth) => `X-${nth}: 1`), length(idle)]),
    '431',
    'parser',
  ],
  ['a method to override', put([length(idle), 'X-HTTP-Method-Override: DELETE']), '200', 'mdm'],
  [
    'a certificate in a header',
    put([length(idle), 'X-Client-Cert: MIIB', 'X-SSL-Client-Verify: SUCCESS']),
    '200',
    'mdm',
  ],
  [
    'an address that is not theirs',
    put([length(idle), 'X-Forwarded-For: 10.0.0.1', 'Forwarded: for=10.0.0.1']),
    '200',
    'mdm',
  ],
  ['an expectation', put([length(idle), 'Expect: 100-continue']), '100 200', 'mdm'],
  ['an expectation nobody meets', put([length(idle), 'Expect: tea']), '417', 'parser'],
  ['an upgrade', get('/livez', ['Upgrade: websocket', 'Connection: Upgrade']), '200', 'health'],
  ['a range', get('/livez', ['Range: bytes=0-1']), '200', 'health'],
]

const paths: readonly Row[] = [
  ['an absolute address', whole.replace('/mdm', 'http://muster/mdm'), '200', 'mdm'],
  ['an absolute address of another host', whole.replace('/mdm', 'http://other/mdm'), '200', 'mdm'],
  ['a double slash', whole.replace('/mdm', '//mdm'), '404', 'page'],
  ['an encoded slash', get('/api%2fosquery%2fconfig'), '303', 'page'],
  ['an encoded NUL', get('/api/v1/hosts/%00'), '401', 'api'],
  ['an encoding cut short', get('/api/v1/hosts/%e0%a'), '401', 'api'],
  ['a dot segment', whole.replace('/mdm', '/x/../mdm'), '200', 'mdm'],
  ['an encoded dot segment', get('/static/%2e%2e/%2e%2e/package.json'), '303', 'page'],
  ['backslashes', get('/static/..\\..\\package.json'), '400', 'parser'],
  ['capitals', whole.replace('/mdm', '/MDM'), '404', 'page'],
  ['a path behind the path', whole.replace('/mdm', '/mdm/x'), '404', 'mdm'],
  ['a slash behind the path', whole.replace('/mdm', '/mdm/'), '404', 'mdm'],
  ['a semicolon', whole.replace('/mdm', '/mdm;x=1'), '404', 'page'],
  ['a fragment', whole.replace('/mdm', '/mdm#x'), '200', 'mdm'],
  ['a query', whole.replace('/mdm', '/mdm?a=1&a=2&__proto__=x'), '200', 'mdm'],
  ['an agent who gets', get('/api/osquery/config'), '405', 'osquery'],
  [
    'an agent on a path that is none',
    post('/api/osquery/../osquery/teleport', '{}'),
    '404',
    'osquery',
  ],
  ['an agent without a key', post('/api/osquery/config', '{}'), '400', 'osquery'],
  [
    'an agent with a key in the address',
    post('/api/osquery/config?node_key=x', '{}'),
    '400',
    'osquery',
  ],
  ['the API without a token', get('/api/v1/hosts'), '401', 'api'],
  [
    'the API by a method it lacks',
    raw('PATCH /api/v1/hosts HTTP/1.1', [host, close, 'Content-Length: 0']),
    '401',
    'api',
  ],
  ['where a problem’s type leads', get('/problems/invalid'), '200', 'page'],
  ['an API that is none', get('/api/v9/hosts'), '404', 'api'],
]

const conversations: readonly Row[] = [
  ['two requests at once', lasting + whole, '200 200', 'mdm'],
  [
    'twenty requests at once',
    lasting.repeat(19) + whole,
    Array.from({ length: 20 }, () => '200').join(' '),
    'mdm',
  ],
  ['a bad request behind a good one', `${lasting}nonsense${crlf}${crlf}`, '200? 400', 'parser'],
  ['bytes behind a body', `${lasting}<array>smuggled</array>`, '200? 400', 'parser'],
  ['a request inside a body', put([length(whole)], whole), '400', 'mdm'],
  ['nothing behind a close', whole + whole, '200? 400', 'parser'],
]

export const rawRequests: readonly RawRequest[] = [
  ...lengths,
  ...chunks,
  ...lines,
  ...headers,
  ...paths,
  ...conversations,
].map(([name, text, statuses, dialect]) => ({
  name,
  text,
  statuses: statuses === '' ? [] : statuses.split(' '),
  dialect,
}))
