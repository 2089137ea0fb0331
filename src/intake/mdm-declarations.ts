// What a DeclarativeManagement check-in is answered with: an empty set, or what another server says.
import type { CheckinOf } from '../protocol/mdm/checkin.ts'
import { emptyDeclarationItems, emptyTokens, splitEndpoint } from '../protocol/mdm/declarative.ts'
import { unreachable } from '../result.ts'
import { type MdmAnswer, nothing, refused } from './mdm-answer.ts'
import { nanoIdsOf } from './nano-ids.ts'
import type { Party } from './mdm-parties.ts'

/** How another server is asked, in the words of `effects`. Never rejects. */
export type AskDeclarations = (ask: {
  readonly enrollmentId: string
  readonly enrollmentType: string
  readonly parentId?: string
  readonly endpoint: string
  readonly data?: Uint8Array
}) => Promise<
  | { readonly kind: 'answered'; readonly bytes: Uint8Array }
  | { readonly kind: 'not-found' | 'failed' }
>

type Asked = {
  readonly message: CheckinOf<'DeclarativeManagement'>
  readonly party: Party
  readonly isQuarantined: boolean
  readonly at: number
}

export async function declarations(
  ask: AskDeclarations | undefined,
  asked: Asked,
): Promise<MdmAnswer> {
  const { message, at } = asked
  const split = splitEndpoint(message.Endpoint)
  if (!split.ok) return refused('unknown-endpoint')
  if (ask !== undefined) return forwarded(ask, asked)
  switch (split.value.kind) {
    case 'tokens':
      return { kind: 'json', value: emptyTokens(at) }
    case 'declaration-items':
      return { kind: 'json', value: emptyDeclarationItems }
    case 'declaration':
      return refused('no-such-declaration')
    case 'status':
      return nothing
    default:
      return unreachable(split.value)
  }
}

/** The other server hears of the enrollment that the sender is resolved to, whatever the message names. */
async function forwarded(
  ask: AskDeclarations,
  { message, party, isQuarantined }: Asked,
): Promise<MdmAnswer> {
  // It may be another computer than the one the other server knows: it asks again once the conflict is resolved.
  if (isQuarantined) return refused('unavailable')
  const { Endpoint, Data, enrollment } = message
  const { id, type, parent_id } = nanoIdsOf({ ...enrollment, key: party.channel })
  const answer = await ask({
    enrollmentId: id,
    enrollmentType: type,
    ...(parent_id !== undefined && { parentId: parent_id }),
    endpoint: Endpoint,
    ...(Data !== undefined && { data: Data }),
  })
  switch (answer.kind) {
    case 'answered':
      return answer.bytes.length === 0 ? nothing : { kind: 'json-bytes', bytes: answer.bytes }
    case 'not-found':
      return refused('no-such-declaration')
    case 'failed':
      return refused('unavailable')
    default:
      return unreachable(answer)
  }
}
