// What it costs to read what strangers send.
import { buildPlist } from '../src/protocol/plist/build.ts'
import { readPlist } from '../src/protocol/plist/read.ts'
import { bodyLimits } from '../src/protocol/osquery/limits.ts'
import { readJson } from '../src/protocol/osquery/json.ts'
import { readReport } from '../src/protocol/mdm/report.ts'
import { buildCommand } from '../src/protocol/mdm/command.ts'
import { acknowledged, distributedRead, idle, uuidOf } from './devices.ts'
import { type Bench, type Figure, timed } from './figure.ts'

const rounds = 25
const utf8 = new TextEncoder()

const apps = utf8.encode(
  buildPlist({
    UDID: uuidOf(1),
    Status: 'Acknowledged',
    CommandUUID: uuidOf(2),
    InstalledApplicationList: Array.from({ length: 240 }, (_, nth) => ({
      Identifier: `com.example.app-${nth}`,
      Name: `Application ${nth}`,
      ShortVersion: `${nth}.1.2`,
      Version: `${nth}`,
      BundleSize: nth * 1_048_576,
      Installing: false,
    })),
  }),
)

const rows = utf8.encode(
  JSON.stringify({
    node_key: 'k'.repeat(43),
    queries: {
      'muster_detail:software': Array.from({ length: 1_000 }, (_, nth) => ({
        name: `package-${nth}`,
        version: `${nth}.1.2`,
        source: 'deb_packages',
        bundle_identifier: `com.example.package-${nth}`,
      })),
    },
    statuses: { 'muster_detail:software': 0 },
  }),
)

const idleBytes = utf8.encode(idle(1).body)
const doneBytes = utf8.encode(acknowledged(1, uuidOf(2)).body)
const readBytes = utf8.encode(distributedRead('k'.repeat(43)).body)
const command = {
  commandUUID: uuidOf(3),
  requestType: 'DeviceInformation',
  payload: { Queries: ['DeviceName', 'OSVersion', 'IsSupervised'] },
}
const kb = ({ length }: Uint8Array): string => `${(length / 1_000).toFixed(1)} kB`

type Work = readonly [what: string, times: number, work: () => unknown]

const works: readonly Work[] = [
  [`Read an Idle report (${kb(idleBytes)} plist)`, 500, () => readReport(idleBytes)],
  [`Read a short result (${kb(doneBytes)} plist)`, 500, () => readReport(doneBytes)],
  [`Read a list of 240 apps (${kb(apps)} plist)`, 5, () => readPlist(apps)],
  ['Write a DeviceInformation command', 500, () => buildCommand(command)],
  [
    `Read a distributed read (${kb(readBytes)} JSON)`,
    500,
    () => readJson(readBytes, bodyLimits['distributed/read']),
  ],
  [
    `Read a distributed write of 1,000 rows (${kb(rows)} JSON)`,
    5,
    () => readJson(rows, bodyLimits['distributed/write']),
  ],
]

export const readers: Bench = {
  name: 'readers',
  async run() {
    const figures: Figure[] = []
    for (const [what, times, work] of works) {
      const ms = await timed({ rounds }, () => {
        for (let nth = 0; nth < times; nth += 1) work()
      })
      figures.push({ what, value: (ms / times) * 1_000, unit: 'µs' })
    }
    return figures
  },
}
