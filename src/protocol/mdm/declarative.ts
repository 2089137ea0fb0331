import { fail, ok, type Result } from '../../result.ts'
import { isoOfMs } from '../plist/scalar.ts'
import type { MessageFault } from './message-fault.ts'

/** What a DeclarativeManagement check-in asks for. */
export type DeclarativeEndpoint =
  | { readonly kind: 'tokens' | 'declaration-items' | 'status' }
  | {
      readonly kind: 'declaration'
      readonly declarationKind: DeclarationKind
      readonly identifier: string
    }

export type DeclarationKind = 'activation' | 'asset' | 'configuration' | 'management'

/**
 * Splits `Endpoint`. At most twice, so an identifier may contain a slash.
 *
 * Fails: `unknown-endpoint` for every other word, an unknown declaration kind or an identifier that is empty
 * or longer than any we could have minted.
 * Source: Apple device-management, `mdm/checkin/declarativemanagement`.
 */
export function splitEndpoint(endpoint: string): Result<DeclarativeEndpoint, MessageFault> {
  if (endpoint === 'tokens' || endpoint === 'declaration-items' || endpoint === 'status') {
    return ok({ kind: endpoint })
  }
  const [, declarationKind, identifier] =
    /^declaration\/(activation|asset|configuration|management)\/(.+)$/s.exec(endpoint) ?? []
  if (!isDeclarationKind(declarationKind) || identifier === undefined) {
    return fail({ kind: 'unknown-endpoint', detail: 'an Endpoint Apple does not have' })
  }
  return identifier.length <= identifierCharsMax
    ? ok({ kind: 'declaration', declarationKind, identifier })
    : fail({ kind: 'unknown-endpoint', detail: 'a declaration identifier too long to be ours' })
}

const isDeclarationKind = (word: string | undefined): word is DeclarationKind =>
  word === 'activation' || word === 'asset' || word === 'configuration' || word === 'management'

/** Apple's bound is 64 octets; a few more still deserve the 404 that makes a device forget its copy. */
const identifierCharsMax = 256

export type TokensResponse = {
  readonly SyncTokens: { readonly DeclarationsToken: string; readonly Timestamp: string }
}

export type DeclarationItemsResponse = {
  readonly Declarations: {
    readonly [List in 'Activations' | 'Assets' | 'Configurations' | 'Management']: readonly {
      readonly Identifier: string
      readonly ServerToken: string
    }[]
  }
  readonly DeclarationsToken: string
}

/**
 * SHA-256 of `[]`, the sorted list of no (Identifier, ServerToken) pairs: the token that a server with
 * declarations computes once the last one is gone.
 */
const emptySetToken = '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945'

/** Answers `tokens` for a channel without declarations. The device looks at the token, not at the time. */
export const emptyTokens = (atMs: number): TokensResponse => ({
  SyncTokens: { DeclarationsToken: emptySetToken, Timestamp: isoOfMs(atMs) },
})

/** Answers `declaration-items` for a channel without declarations: all four lists must be there. */
export const emptyDeclarationItems: DeclarationItemsResponse = {
  Declarations: { Activations: [], Assets: [], Configurations: [], Management: [] },
  DeclarationsToken: emptySetToken,
}
