// Whose word on a fact counts, when several channels speak of the same computer.
import type {
  Fact,
  FactName,
  Facts,
  FactValue,
  HostContext,
  SaidFacts,
  Source,
} from './host-context.ts'

export type Learned = {
  readonly facts: Facts
  readonly agentFacts: Facts
  /** Facts that have another value now. */
  readonly changed: SaidFacts
  /** Facts that an agent contradicts now and did not before. */
  readonly disputed: SaidFacts
}

type Known = Pick<HostContext, 'facts' | 'agentFacts' | 'channels'>

/**
 * What a host knows after a channel spoke; undefined when nothing changes.
 *
 * While a host is enrolled in MDM, its agent never replaces a fact that MDM gave: everybody with the enroll secret
 * can be that agent. What the agent says differently stands beside the fact. Apple's list only fills gaps.
 */
export function learn(
  known: Known,
  said: SaidFacts,
  by: { readonly source: Source; readonly at: number },
): Learned | undefined {
  const isManaged = Object.keys(known.channels).length > 0
  const facts: { [Name in FactName]?: Fact } = { ...known.facts }
  const agentFacts: { [Name in FactName]?: Fact } = { ...known.agentFacts }
  const changed: { [Name in FactName]?: FactValue } = {}
  const disputed: { [Name in FactName]?: FactValue } = {}
  let isNews = false
  for (const [key, value] of Object.entries(said)) {
    const name = key as FactName // Object.entries forgets the key type of SaidFacts
    const before: Words = { fact: facts[name], agents: agentFacts[name] }
    const after = weighers[by.source](before, { value, ...by }, isManaged)
    if (after.fact === before.fact && after.agents === before.agents) continue
    isNews = true
    facts[name] = after.fact
    if (after.fact.value !== before.fact?.value) changed[name] = value
    if (after.agents === undefined) delete agentFacts[name]
    else agentFacts[name] = after.agents
    if (after.fact === before.fact && !before.agents) disputed[name] = value
  }
  return isNews ? { facts, agentFacts, changed, disputed } : undefined
}

/** One fact, and what the agent says instead. */
type Words = { readonly fact: Fact | undefined; readonly agents: Fact | undefined }
type Weigh = (before: Words, said: Fact, isManaged: boolean) => Words & { readonly fact: Fact }

const weighers: Readonly<Record<Source, Weigh>> = {
  dep: ({ fact, agents }, said) => ({
    fact: fact?.source === 'osquery' || fact?.source === 'mdm' ? fact : newer(fact, said),
    agents,
  }),
  mdm({ fact, agents }, said) {
    const differs = fact?.source === 'osquery' ? fact : agents
    return {
      // Repeated over MDM, a fact is proved, whoever said it first.
      fact: fact?.source === 'mdm' ? newer(fact, said) : said,
      agents: differs?.value === said.value ? undefined : differs,
    }
  },
  osquery({ fact, agents }, said, isManaged) {
    if (!isManaged || fact?.source !== 'mdm') return { fact: newer(fact, said), agents: undefined }
    return { fact, agents: fact.value === said.value ? undefined : newer(agents, said) }
  },
}

/** A fact keeps the time at which its value was first said. */
const newer = (fact: Fact | undefined, said: Fact): Fact =>
  fact?.value === said.value ? fact : said

/** Facts of two hosts that become one: what MDM gave counts, then what the first of them knows. */
export function joined(first: Facts, second: Facts): Facts {
  const facts: { [Name in FactName]?: Fact } = { ...second, ...first }
  for (const [key, fact] of Object.entries(second))
    if (fact.source === 'mdm' && first[key as FactName]?.source !== 'mdm')
      facts[key as FactName] = fact // Object.entries forgets the key type of Facts
  return facts
}
