// What an MDM client says becomes events of its host, and what the host answers becomes its reply.
import type { Checkin } from '../protocol/mdm/checkin.ts'
import type { Report } from '../protocol/mdm/report.ts'
import type { Credential } from './credential.ts'
import type { MdmAnswer } from './mdm-answer.ts'
import { createCheckins } from './mdm-checkin.ts'
import type { MdmMeans } from './mdm-means.ts'
import { createParties } from './mdm-parties.ts'
import { createReports } from './mdm-report.ts'

export type MdmIntake = {
  checkin(message: Checkin, credential: Credential): Promise<MdmAnswer>
  /** `body` is the report as it came: it is kept, sealed, as the command's result. */
  report(message: Report, body: Uint8Array, credential: Credential): Promise<MdmAnswer>
}

export function createMdmIntake(options: Omit<MdmMeans, 'parties'>): MdmIntake {
  const parties = createParties(options.lookups, options.hosts.live)
  const means: MdmMeans = { ...options, parties }
  return { checkin: createCheckins(means), report: createReports(means) }
}
