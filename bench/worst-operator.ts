// Bodies of allowed size that operators, scripts and enrolling devices may send, made to cost as much as possible
// on the thread that serves: JSON of every route, forms of the console, SCEP, Setup Assistant.

import { worstBodies } from './worst-bodies.ts'

/** One request. `auth` says how whoever asks is known. */
export type WorstRequest = {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly type: string
  readonly auth: 'token' | 'cookie' | 'password' | 'nobody'
}

export type WorstAsk = WorstRequest & { readonly name: string; readonly make: () => Uint8Array }

/** Of the Mac that the sender enrols. */
const host = '5D0C9B1E-7A42-4E4B-9F57-0B1C2D3E4F50'

/** As the API bounds JSON, less what stands around. */
const jsonRoom = 1_024 * 1_024 - 1_000

const repeated = (unit: string, room: number): string =>
  unit.repeat(Math.floor(room / Buffer.byteLength(unit)))

/** Members of an object or items of an array until the room is used. */
function filled(room: number, one: (nth: number) => string): string {
  const parts: string[] = []
  for (let [nth, left] = [0, room]; left > 0; nth += 1) {
    const part = one(nth)
    parts.push(part)
    left -= Buffer.byteLength(part) + 1
  }
  return parts.slice(0, -1).join(',')
}

/** JSON values that take long to read for their size. */
const jsonValues: Readonly<Record<string, (room: number) => string>> = {
  'short members': (room) => `{${filled(room, (nth) => `"${nth.toString(36)}":1`)}}`,
  'members without values': (room) => `{${filled(room, (nth) => `"${nth.toString(36)}":""`)}}`,
  'members of sparse numbers': (room) => `{${filled(room, (nth) => `"${nth * 70_001}":1`)}}`,
  'long names': (room) => `{${filled(room, (nth) => `"${'n'.repeat(60)}${nth}":1`)}}`,
  'names that need escapes': (room) => `{${filled(room, (nth) => `"~/~/~/${nth}":1`)}}`,
  'the same member': (room) => `{${filled(room, () => '"a":{}')}}`,
  'deep arrays': (room) => '['.repeat(room / 2) + ']'.repeat(room / 2),
  'deep objects': (room) => '{"":'.repeat(room / 5) + '1' + '}'.repeat(room / 5),
  'empty objects': (room) => `[${filled(room, () => '{}')}]`,
  'small objects': (room) => `[${filled(room, () => '{"a":1}')}]`,
  'objects of many shapes': (room) => `[${filled(room, (nth) => `{"${nth.toString(36)}":1}`)}]`,
  'empty arrays': (room) => `[${filled(room, () => '[]')}]`,
  'small numbers': (room) => `[${filled(room, () => '1')}]`,
  'long fractions': (room) => `[${filled(room, (nth) => `0.${nth}1234567890123456e-300`)}]`,
  'short strings': (room) => `[${filled(room, (nth) => `"${nth.toString(36)}"`)}]`,
  dates: (room) => `[${filled(room, () => '{"$date":"2024-02-29T23:59:59Z"}')}]`,
  bytes: (room) => `[${filled(room, () => '{"$data":"AAEC"}')}]`,
  'one string': (room) => `"${'a'.repeat(room)}"`,
  'one string of escapes': (room) => `"${repeated('\\u20ac', room)}"`,
  'one string of three bytes each': (room) => `"${repeated('€', room)}"`,
  'one string of quotes': (room) => `"${repeated('\\"', room)}"`,
  'one string of slashes': (room) => `"${repeated('/', room)}"`,
  'one number': (room) => `${'9'.repeat(room)}`,
  blanks: (room) => `${' '.repeat(room)}1`,
}

/** Each route that reads JSON, with its body around a value at a place that may have anything, or a wrong thing. */
const jsonRoutes: readonly (readonly [string, (value: string) => string])[] = [
  [`/hosts/${host}/commands`, (v) => `{"request_type":"ProfileList","payload":{"A":${v}}}`],
  [`/hosts/${host}/commands`, (v) => `{"request_type":"ProfileList","payload":${v}}`],
  [`/hosts/${host}/commands`, (v) => `{"request_type":${v}}`],
  [`/hosts/${host}/merge`, (v) => `{"with":${v}}`],
  [`/hosts/${host}/split`, (v) => `{"merge_id":${v}}`],
  ['/conflicts/none/resolve', (v) => `{"choice":${v}}`],
  ['/dep/devices', (v) => `{"devices":[{"serial_number":"C02WORST1","x":${v}}]}`],
  ['/dep/devices', (v) => `{"devices":[{"serial_number":${v}}]}`],
  ['/dep/devices', (v) => `{"devices":${v}}`],
  ['/enrollment-links', (v) => `{"name":${v}}`],
  ['/enrollment-links', (v) => `{"name":"a","host":${v}}`],
  ['/webhooks', (v) => `{"name":"a","url":${v}}`],
  ['/webhooks', (v) => `{"name":"a","url":"https://example.com/","topics":${v}}`],
  ['/webhooks', (v) => `{"name":"a","url":"https://example.com/","secret":${v}}`],
  ['/webhooks/none/replay', (v) => `{"since":${v}}`],
  ['/tokens', (v) => `{"name":${v},"role":"viewer"}`],
  ['/enroll-secrets', (v) => `{"name":${v}}`],
  ['/push-certificates', (v) => `{"pem":${v}}`],
  ['/push-certificates', (v) => `{"pkcs12":${v}}`],
]

/** Whatever the route, unknown members all over, or something else than an object. */
const anyRoute = '/tokens'
const anywhere: readonly ((value: string) => string)[] = [(v) => v, (v) => `{"x":${v}}`]

const json = (path: string, body: (value: string) => string): readonly WorstAsk[] =>
  Object.entries(jsonValues).map(([name, value]) => {
    const frame = body('\0')
    return {
      name: `${path} ${frame.replace('\0', '…')}: ${name}`,
      method: path === '/push-certificates' ? 'PUT' : 'POST',
      path: `/api/v1${path}`,
      type: 'application/json',
      auth: 'token',
      make: () => Buffer.from(body(value(jsonRoom - frame.length))),
    }
  })

/** A thousand devices, each as large as they may be together. */
const devices: WorstAsk = {
  name: '/dep/devices: a thousand devices of a kilobyte each',
  method: 'POST',
  path: '/api/v1/dep/devices',
  type: 'application/json',
  auth: 'token',
  make: () =>
    Buffer.from(
      `{"devices":[${Array.from({ length: 1_000 }, (_, nth) => `{"serial_number":"C02WORST${nth}","description":"${'d'.repeat(960)}"}`).join(',')}]}`,
    ),
}

const formRoom = 2 * 1_024 * 1_024 - 1_000
const boundary = 'worst'
const part = (name: string, value: string, more = ''): string =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`

/** Forms of the console. */
const forms: Readonly<Record<string, readonly [type: 'url' | 'multipart', () => string]>> = {
  'short fields': ['url', () => filled(formRoom, (nth) => nth.toString(36)).replaceAll(',', '&')],
  'one field of escapes': ['url', () => `payload=${repeated('%E2%82%AC', formRoom)}`],
  'one field of pluses': ['url', () => `payload=${repeated('+', formRoom)}`],
  'a payload of short members': [
    'url',
    () =>
      `request_type=ProfileList&payload=${jsonValues['short members']?.(jsonRoom).replaceAll('&', '%26') ?? ''}`,
  ],
  'a payload of small objects': [
    'url',
    () => `request_type=ProfileList&payload={"A":${jsonValues['small objects']?.(jsonRoom) ?? ''}}`,
  ],
  'empty parts': ['multipart', () => repeated(part('a', ''), formRoom)],
  'one part': ['multipart', () => part('file', 'a'.repeat(formRoom), '; filename="f"')],
  'a file of bytes': ['multipart', () => part('file', '\u0001'.repeat(formRoom), '; filename="f"')],
  'headers without end': ['multipart', () => `--${boundary}\r\n${repeated('a: b\r\n', formRoom)}`],
  'boundaries that are none': [
    'multipart',
    () => part('a', repeated(`\r\n--${boundary.slice(0, -1)}`, formRoom)),
  ],
}

const formPaths = [`/hosts/${host}/send`, '/settings/push'] as const

const formAsks: readonly WorstAsk[] = formPaths.flatMap((path) =>
  Object.entries(forms).map(([name, [type, text]]) => ({
    name: `form ${path}: ${name}`,
    method: 'POST',
    path,
    type:
      type === 'url'
        ? 'application/x-www-form-urlencoded'
        : `multipart/form-data; boundary=${boundary}`,
    auth: 'cookie',
    make: () => Buffer.from(type === 'url' ? text() : `${text()}--${boundary}--\r\n`),
  })),
)

/** A DER element with its length. */
const der = (tag: number, content: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(5)
  length.writeUInt8(0x84)
  length.writeUInt32BE(content.length, 1)
  return Buffer.concat([Uint8Array.of(tag), length, content])
}
const small = (unit: readonly number[], room: number): Buffer =>
  Buffer.alloc(Math.floor(room / unit.length) * unit.length, Uint8Array.from(unit))

/** What is DER and no more, up to a limit. */
const ders: Readonly<Record<string, (room: number) => Uint8Array>> = {
  'empty sequences': (room) => der(0x30, small([0x30, 0x00], room)),
  'empty sets': (room) => der(0x30, small([0x31, 0x00], room)),
  'small integers': (room) => der(0x30, small([0x02, 0x01, 0x01], room)),
  'deep sequences': (room) => small([0x30, 0x80], room),
  'one string': (room) => der(0x30, der(0x04, Buffer.alloc(room - 20))),
  'one identifier': (room) => der(0x30, der(0x06, Buffer.alloc(room - 20, 0x81))),
  'signed data of empty sets': (room) =>
    der(
      0x30,
      Buffer.concat([
        Buffer.from('06092a864886f70d010702', 'hex'),
        der(0xa0, der(0x30, small([0x31, 0x00], room - 100))),
      ]),
    ),
  zeros: (room) => Buffer.alloc(room),
}

const strangers: readonly WorstAsk[] = Object.entries(ders).flatMap(([name, make]) => [
  {
    name: `/scep: ${name}`,
    method: 'POST' as const,
    path: '/scep?operation=PKIOperation',
    type: 'application/x-pki-message',
    auth: 'nobody' as const,
    make: () => make(262_100),
  },
  {
    name: `/enroll/ade: ${name}`,
    method: 'POST' as const,
    path: '/enroll/ade',
    type: 'application/pkcs7-signature',
    auth: 'nobody' as const,
    make: () => make(65_500),
  },
])

/** Scripts name their command, each time another. */
let named = 0

/** The same commands as to our own API. */
const enqueued: readonly WorstAsk[] = worstBodies
  .filter(({ as }) => as === 'command')
  .map(({ name, make }) => ({
    name: `/v1/enqueue: ${name}`,
    method: 'PUT',
    path: `/v1/enqueue/${host}?nopush=1`,
    type: 'application/xml',
    auth: 'password',
    make() {
      named += 1
      const start = '<plist version="1.0"><dict>'
      return Buffer.concat([
        Buffer.from(`${start}<key>CommandUUID</key><string>WORST-${named}</string>`),
        make().subarray(start.length),
      ])
    },
  }))

export const worstAsks: readonly WorstAsk[] = [
  ...enqueued,
  ...jsonRoutes.flatMap(([path, body]) => json(path, body)),
  ...anywhere.flatMap((body) => json(anyRoute, body)),
  devices,
  ...formAsks,
  ...strangers,
]
