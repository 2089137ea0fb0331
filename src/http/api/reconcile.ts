// Identity, as operators mend it. Every act can be tried first with dry_run.
import { z } from '@hono/zod-openapi'
import { fail, ok, type Result } from '../../result.ts'
import type {
  MergePlan,
  ReconcileFault,
  RemovalPlan,
  SplitPlan,
} from '../../intake/reconcile-type.ts'
import type { Problem } from '../problem.ts'
import { optionalJsonBody, jsonBody } from './body-spec.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint, type Reply } from './endpoint.ts'
import { askProblem, isAskFault } from './faults.ts'
import { yesOrNo } from './fields.ts'
import { hostAt, hostByRef } from './host-ref.ts'
import { refParams } from './host.ts'
import { invalidAt } from './invalid.ts'

const dryRun = z
  .boolean()
  .default(false)
  .openapi({ description: 'Tell what would be done, and do nothing.' })

const moved = z.object({
  claims: z.array(z.object({ kind: z.string(), value: z.string() })),
  channels: z.array(z.string()),
  dep_serials: z.array(z.string()),
  agents: z.int(),
  open_commands: z.array(z.string()),
})

const mergePlan = z
  .object({
    dry_run: z.boolean(),
    merge_id: z.string().nullable(),
    survivor: z.string(),
    loser: z.string(),
    moves: moved,
  })
  .openapi('MergePlan')

const splitPlan = z
  .object({
    dry_run: z.boolean(),
    merge_id: z.string(),
    host: z.string(),
    restored: z.string(),
    moves: moved,
  })
  .openapi('SplitPlan')

const removalPlan = z
  .object({
    dry_run: z.boolean(),
    outcome: z.enum(['deleted', 'reset_to_pending']),
    host: z.string(),
    open_commands: z.array(z.string()),
  })
  .openapi('RemovalPlan')

const shared = { role: 'admin', tag: 'identity', params: refParams } as const

export const reconcileEndpoints = (deps: ApiDeps): readonly Endpoint[] => [
  mergeEndpoint(deps),
  splitEndpoint(deps),
  removeEndpoint(deps),
]

const mergeEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/hosts/{ref}/merge',
      summary: 'Makes one host of two.',
      description:
        'One of them lives on, as the answer says; the id of the other answers 308 to it.',
      body: jsonBody(
        z.strictObject({
          with: z.string().min(1).openapi({ description: 'The other host: any reference to it.' }),
          dry_run: dryRun,
        }),
      ),
      gives: mergePlan,
    },
    async (call) => {
      const survivor = await hostAt(deps, call)
      if (!survivor.ok) return survivor
      const loser = await hostByRef(deps, call.body.with)
      if (!loser.ok) return fail(notOneHost('/with', loser.error))
      if (loser.value.id === survivor.value.id)
        return fail(invalidAt([{ pointer: '/with', detail: 'is the same host' }]))
      const options = { dryRun: call.body.dry_run, cause: causeOf(call.principal) }
      const merged = await deps.reconcile.merge(survivor.value.id, loser.value.id, options)
      return told(merged, (plan: MergePlan) => ({ dry_run: call.body.dry_run, ...copied(plan) }))
    },
  )

const splitEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/hosts/{ref}/split',
      summary: 'Undoes a merge: the latest one, unless merge_id names another.',
      body: optionalJsonBody(
        z.strictObject({ merge_id: z.string().min(1).optional(), dry_run: dryRun }),
      ),
      gives: splitPlan,
    },
    async (call) => {
      const host = await hostAt(deps, call)
      if (!host.ok) return host
      const { merge_id: mergeId, dry_run } = call.body
      const split = await deps.reconcile.split(host.value.id, {
        ...(mergeId !== undefined && { mergeId }),
        dryRun: dry_run,
        cause: causeOf(call.principal),
      })
      return told(split, (plan: SplitPlan) => ({ dry_run, ...copied(plan) }))
    },
  )

const removeEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'delete',
      path: '/hosts/{ref}',
      summary: "Forgets a host; one in Apple's list is reset to pending instead.",
      query: z.strictObject({ dry_run: yesOrNo('Tell what would be done, and do nothing.') }),
      gives: removalPlan,
    },
    async (call) => {
      const host = await hostAt(deps, call)
      if (!host.ok) return host
      const { dry_run } = call.query
      const options = { dryRun: dry_run, cause: causeOf(call.principal) }
      const removed = await deps.reconcile.remove(host.value.id, options)
      return told(removed, (plan: RemovalPlan) => ({
        dry_run,
        outcome: plan.outcome,
        host: plan.host,
        open_commands: [...plan.open_commands],
      }))
    },
  )

/** The schemas' arrays are writable, the plans' are not. */
const copied = <Plan extends MergePlan | SplitPlan>(plan: Plan) => ({
  ...plan,
  moves: {
    ...plan.moves,
    claims: plan.moves.claims.map(({ kind, value }) => ({ kind, value })),
    channels: [...plan.moves.channels],
    dep_serials: [...plan.moves.dep_serials],
    open_commands: [...plan.moves.open_commands],
  },
})

export const told = <Plan, Content>(
  outcome: Result<Plan, ReconcileFault>,
  show: (plan: Plan) => Content,
): Result<Reply<Content>, Problem> =>
  outcome.ok
    ? ok({ kind: 'json', content: show(outcome.value) })
    : fail(reconcileProblem(outcome.error))

/** A reference inside the body that means no one host is a fault of the body. */
const notOneHost = (pointer: string, problem: Problem): Problem =>
  problem.kind === 'not-found' || problem.kind === 'ambiguous'
    ? {
        ...invalidAt([
          {
            pointer,
            detail: problem.kind === 'ambiguous' ? 'fits several hosts' : 'fits no host',
          },
        ]),
        ...(problem.more && { more: problem.more }),
      }
    : problem

function reconcileProblem(fault: ReconcileFault): Problem {
  if (isAskFault(fault)) return askProblem(fault)
  switch (fault.kind) {
    case 'no-such-merge':
      return { kind: 'not-found', detail: 'No merge of this host is left to undo.' }
    case 'no-such-agent':
      return { kind: 'not-found', detail: 'The host has no agent with this key.' }
    case 'no-such-conflict':
      return { kind: 'not-found', detail: 'No such conflict.' }
    case 'already-resolved':
      return { kind: 'conflict', detail: 'The conflict is resolved already.' }
    case 'no-such-choice':
      return invalidAt([
        { pointer: '/choice', detail: `must be one of ${fault.choices.join(', ')}` },
      ])
    case 'refused':
      return { kind: 'conflict', detail: fault.detail }
    default:
      return fault satisfies never
  }
}
