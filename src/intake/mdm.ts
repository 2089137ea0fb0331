// What an MDM client says becomes events of its host, and what the host answers becomes its reply.
import type { Checkin } from '../protocol/mdm/checkin.ts'
import type { Report } from '../protocol/mdm/report.ts'
import type { Credential } from './credential.ts'
import type { MdmAnswer } from './mdm-answer.ts'
import { createCheckins } from './mdm-checkin.ts'
import type { MdmMeans } from './mdm-means.ts'
import { createSpeakers } from './mdm-speakers.ts'
import { createReports } from './mdm-report.ts'

export type MdmIntake = {
  checkin(message: Checkin, credential: Credential): Promise<MdmAnswer>
  /** `body` is the report as it came: it is kept, sealed, as the command's result. */
  report(message: Report, body: Uint8Array, credential: Credential): Promise<MdmAnswer>
}

type MdmIntakeOptions = Omit<MdmMeans, 'speakers' | 'noteRefusal'> &
  Partial<Pick<MdmMeans, 'noteRefusal'>>

export function createMdmIntake(options: MdmIntakeOptions): MdmIntake {
  const noted = { noteRefusal: () => {}, ...options }
  const means: MdmMeans = { ...noted, speakers: createSpeakers(noted) }
  return { checkin: createCheckins(means), report: createReports(means) }
}
