/** Why a body is not a property list we take. `at` is a byte offset, `detail` one short sentence. */
export type PlistFault = {
  readonly kind: PlistFaultKind
  readonly at: number
  readonly detail: string
}

export type PlistFaultKind =
  // The body as a whole
  | 'empty'
  | 'too-large'
  | 'unsupported-format'
  | 'bad-encoding'
  | 'illegal-character'
  | 'truncated'
  | 'trailing-content'
  // Markup
  | 'bad-prologue'
  | 'bad-root'
  | 'bad-markup'
  | 'unknown-tag'
  | 'bad-entity'
  // Structure
  | 'bad-dict'
  | 'duplicate-key'
  | 'too-deep'
  | 'too-many-nodes'
  | 'too-long'
  // Scalars
  | 'bad-integer'
  | 'bad-real'
  | 'bad-date'
  | 'bad-data'
  // Binary form
  | 'bad-trailer'
  | 'bad-offset'
  | 'bad-object'
  | 'cycle'
