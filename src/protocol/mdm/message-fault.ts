import type { PlistFault } from '../plist/fault.ts'

/** Why a property list is not one of Apple's messages. All of these are the sender's fault (400). */
export type MessageFault =
  | { readonly kind: 'bad-plist'; readonly plist: PlistFault; readonly detail: string }
  | { readonly kind: MessageFaultKind; readonly detail: string }

export type MessageFaultKind =
  | 'not-a-dict'
  | 'missing-key'
  | 'wrong-type'
  | 'bad-value'
  | 'no-identity'
  | 'bad-identity'
  | 'two-identities'
  | 'wrong-channel'
  | 'unknown-message-type'
  | 'unknown-endpoint'
