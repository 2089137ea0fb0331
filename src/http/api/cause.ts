import type { Cause } from '../../runtime/ask.ts'
import type { Principal } from '../auth.ts'

/** Who the journal says did it. */
export const causeOf = ({ name }: Principal): Cause => ({ kind: 'operator', id: name })
