/** What no server may do to a device or an agent, by the name a violation is counted under. */
export const rules = {
  'mdm-401': '401 makes a device remove its management',
  'mdm-204': '204 is not an answer the MDM protocol knows',
  'mdm-content-length': 'a 200 to a device must say its Content-Length, also when it is 0',
  'mdm-refused': 'a well-formed message of an enrolled device was refused',
  'mdm-took-malformed': 'a malformed message must be answered 400',
  'mdm-fault': 'the server failed (5xx other than 503)',
  'mdm-unreadable': 'the answer to a device is not a command or what it asked for',
  'command-after-result': 'a command was sent again after its final report had been accepted',
  'command-from-former-life': 'a command from before the last Authenticate was sent',
  'command-unsafe-repeated': 'a command that must not run twice was sent twice',
  'osquery-empty': 'agents take an empty body for success and delete what they sent',
  'osquery-not-json': 'an answer to an agent must be a JSON object',
  'osquery-silent-failure': 'agents take an object without `error` for success',
  'osquery-node-invalid-type': '`node_invalid` must be a boolean',
  'osquery-node-invalid': 'a key the server had issued and nobody contests was called invalid',
  'osquery-key-ping-pong': 'one agent lost key after key',
  'osquery-refused': 'a well-formed message of an enrolled agent was refused',
  'osquery-took-malformed': 'a malformed or unentitled message must be answered with `error`',
  'osquery-fault': 'the server failed (5xx other than 503)',
  'osquery-unreadable': 'the answer lacks what the agent asked for',
  'api-fault': 'the server failed (5xx other than 503)',
} as const

export type Rule = keyof typeof rules

/** What was wrong with one answer. */
export type Finding = { readonly rule: Rule; readonly detail: string }

export type Violation = Finding & {
  readonly computer: string
  /** The kind of request it answered, such as `mdm.Idle`. */
  readonly request: string
}

export type ViolationSummary = {
  readonly total: number
  readonly byRule: Readonly<Partial<Record<Rule, number>>>
  /** The first few of each rule. */
  readonly examples: readonly Violation[]
}

export type Referee = {
  readonly note: (violation: Violation) => void
  readonly summary: () => ViolationSummary
}

/** Enough to see a pattern; a server that breaks a rule may break it a million times. */
const examplesPerRuleMax = 5

export function createReferee(onViolation?: (violation: Violation) => void): Referee {
  const counts = new Map<Rule, number>()
  const examples: Violation[] = []
  return {
    note: (violation) => {
      const count = (counts.get(violation.rule) ?? 0) + 1
      counts.set(violation.rule, count)
      if (count <= examplesPerRuleMax) examples.push(violation)
      onViolation?.(violation)
    },
    summary: () => ({
      total: [...counts.values()].reduce((sum, count) => sum + count, 0),
      byRule: Object.fromEntries(counts),
      examples: [...examples],
    }),
  }
}
