// Smaller grammars: what operators and Apple's list say, cursors, settings, identifiers.
import fc from 'fast-check'
import { readConfig } from '../../src/config/config.ts'
import { createCursors } from '../../src/http/cursor.ts'
import { normalise } from '../../src/identity/normalise.ts'
import { readDevices } from '../../src/protocol/dep/device.ts'
import { jsonToPlist } from '../../src/protocol/plist/json-payload.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { holds, mutatedText } from './mutation.ts'

const cursors = createCursors(new Uint8Array(32).fill(7))
const place = ['Mac', 1_767_225_600_000, null] as const
const cursor = cursors.seal('hosts?sort=hostname', place)
const lists = ['hosts?sort=hostname', 'hosts', 'hosts?sort=-hostname']

holds(
  'a spoiled cursor is nobody’s, and ours is good for its own list only',
  fc.tuple(
    mutatedText([cursor], ['.', '..', '=', '-', '_', 'A', 'eyJ', '', '\0', '%2e', 'WzFd']),
    fc.nat(2),
  ),
  ([text, nth]) => {
    const opened = cursors.open(lists[nth] ?? '', text)
    if (opened.ok !== (text === cursor && nth === 0)) throw new Error(`opened ${text}`)
  },
)

const addresses = ['127.0.0.1:8080', '[::1]:80', 'localhost:1', '0.0.0.0:443']
const addressTokens = [
  ':',
  '::',
  '[',
  ']',
  '.',
  '0',
  '255',
  '65536',
  ' ',
  '@',
  '/',
  '%',
  '\u0000',
  'ｌocalhost',
  '127.1',
  '0x7f.1',
  '::ffff:127.0.0.1',
  '#',
]

holds(
  'a spoiled address is a loopback one or stops the start with a sentence',
  mutatedText(addresses, addressTokens),
  (MUSTER_LISTEN) => {
    const config = readConfig({}, { MUSTER_LISTEN, MUSTER_DEVICE_AUTH: 'none' })
    if (!config.ok) {
      if (!/^MUSTER_LISTEN must be .+\.$/.test(config.error)) throw new Error(config.error)
      return
    }
    const { host, port } = config.value.listen
    const isLocal = host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
    if (!isLocal || !Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`${host} ${port}`)
  },
)

const device =
  '{"devices":[{"serial_number":"C02ABC","model":"MacBook Pro","os":"OSX","device_family":"Mac","profile_status":"assigned","op_type":"added","op_date":"2026-01-02T03:04:05Z"}]}'
const jsonTokens = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  'null',
  '1',
  '"serial_number":',
  '"__proto__":',
  '"op_type":"deleted"',
  '"x"',
  '\\u0000',
  ' ',
  '[[[[',
  '{"a":1}',
]

/** Spoiled JSON that is still JSON; the rest never gets past the door. */
const spoiledJson = mutatedText(
  [
    device,
    '{"Payload":{"$data":"AAEC"},"When":{"$date":"2026-01-02T03:04:05Z"},"n":[1,2.5,true,"x"]}',
  ],
  jsonTokens,
).map((text): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
})

holds(
  'a spoiled list of Apple’s is read, or each wrong place in it is named',
  spoiledJson,
  (json) => {
    const read = readDevices(json)
    if (!read.ok && read.error.every(({ detail }) => detail === ''))
      throw new Error('no fault has a word')
    if (read.ok && read.value.some(({ serial_number }) => serial_number === ''))
      throw new Error('no serial')
  },
)

holds(
  'a spoiled payload becomes a property list, or is refused with the place',
  spoiledJson,
  (json) => {
    const read = jsonToPlist(json)
    if (read.ok) buildPlist(read.value)
    else if (read.error.detail === '') throw new Error('a fault without a word')
  },
)

const serials = [
  'C02ABC123',
  'System Serial Number',
  '0',
  'To be filled by O.E.M.',
  'VMware-56 4d 12',
]
const uuids = [
  '6E0D9C2F-8B53-4F5C-A068-1C2D3E4F5061',
  '{6e0d9c2f-8b53-4f5c-a068-1c2d3e4f5061}',
  '00000000-0000-0000-0000-000000000000',
]
const idTokens = [
  '-',
  '{',
  '}',
  ' ',
  '\t',
  '0',
  'F',
  'none',
  '\u0000',
  'ı',
  'ſ',
  '００',
  '\u200b',
  'ﬀ',
  'a'.repeat(300),
]

holds(
  'a spoiled identifier is normal after once, or thrown away',
  fc.tuple(mutatedText(serials, idTokens), mutatedText(uuids, idTokens)),
  ([serial, uuid]) => {
    const { claims } = normalise({ serial, uuid })
    for (const { kind, value } of claims) {
      const [again] = normalise({ [kind]: value }).claims
      if (again?.value !== value) throw new Error(`${kind} ${value} becomes ${again?.value}`)
    }
  },
)
