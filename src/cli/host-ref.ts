// How hosts are named on the command line.
import type { Call } from './call.ts'
import { segment } from './client.ts'

export const refHelp = 'id, serial, UUID, UDID, EnrollmentID, enrollment key or osquery instance'

/** As a segment of a path. */
export const refOf = ({ args: [ref = ''] }: Call): string => segment(ref)
