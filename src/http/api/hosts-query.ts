// What a list of hosts may be asked for, and how the store is asked for it.
import { z } from '@hono/zod-openapi'
import type { Lifecycle, Status } from '../../../machines/standing.ts'
import type {
  Choice,
  CountedColumn,
  HostListQuery,
  HostSort,
  Presence,
} from '../../../storage/queries.ts'
import type { ApiDeps } from './deps.ts'
import { choiceOf, pageQuery } from './fields.ts'
import { thresholdsAt } from './host-item.ts'
import { stateNames } from './state-names.ts'

type Filter = z.ZodType<Choice | undefined, string | undefined>
type ListQuery = z.ZodObject<
  Readonly<Record<CountedColumn | 'presence', Filter>> &
    typeof pageQuery & {
      readonly first_seen_since: z.ZodOptional<z.ZodISODateTime>
      readonly first_seen_before: z.ZodOptional<z.ZodISODateTime>
      readonly q: z.ZodOptional<z.ZodString>
      readonly sort: z.ZodType<HostListQuery['sort'], string | undefined>
    },
  z.core.$strict
>
export type HostsAsked = z.output<ListQuery>

export function listQuery({ machines }: Pick<ApiDeps, 'machines'>): ListQuery {
  const { states } = machines.host.machine.root
  return z.strictObject({
    mdm: choiceOf(stateNames(states['mdm']), 'State in MDM.'),
    dep: choiceOf(stateNames(states['dep']), "State in Apple's device list."),
    osquery: choiceOf(stateNames(states['osquery']), 'State in osquery.'),
    presence: choiceOf(presences, 'When it was last heard of.'),
    status: choiceOf(statuses, 'How it is managed.'),
    lifecycle: choiceOf(lifecycles, 'The strongest of what it is.'),
    platform: choiceOf(undefined, 'Platform, such as darwin; none where it is not known.'),
    q: z.string().trim().min(1).max(prefixCharsMax).optional().openapi({
      description:
        'Beginning of hostname, serial, UUID, UDID, EnrollmentID, enrollment key or osquery instance.',
    }),
    first_seen_since: time('First seen at this time or later.'),
    first_seen_before: time('First seen before this time.'),
    sort: z
      .string()
      .default('id')
      .transform((text, context): HostListQuery['sort'] => {
        const name = text.replace(/^-/, '')
        const column = (Object.keys(sorts) as readonly HostSort[]).find((one) => one === name)
        if (column === undefined)
          context.addIssue({
            code: 'custom',
            message: `no such column; there are ${Object.keys(sorts).join(', ')}`,
          })
        return { column: column ?? 'id', descending: text.startsWith('-') }
      })
      .openapi({
        type: 'string',
        description: `A column, with a leading - for descending: ${Object.keys(sorts).join(', ')}.`,
      }),
    ...pageQuery,
  })
}

const time = (description: string): z.ZodOptional<z.ZodISODateTime> =>
  z.iso.datetime({ offset: true }).optional().openapi({ description })

export function storeQuery(asked: HostsAsked, now: number): HostListQuery {
  const { mdm, dep, osquery, status, lifecycle, platform } = asked
  return {
    filters: {
      ...(mdm && { mdm }),
      ...(dep && { dep }),
      ...(osquery && { osquery }),
      ...(status && { status }),
      ...(lifecycle && { lifecycle }),
      ...(platform && { platform }),
    },
    ...(asked.presence && {
      presence: {
        ...thresholdsAt(now),
        include: presences.filter((one) => asked.presence?.include.includes(one)),
        exclude: presences.filter((one) => asked.presence?.exclude.includes(one)),
      },
    }),
    ...(asked.q !== undefined && { q: asked.q }),
    ...firstSeenOf(asked),
    sort: asked.sort,
    limit: asked.limit,
  }
}

function firstSeenOf({
  first_seen_since: since,
  first_seen_before: before,
}: HostsAsked): Pick<HostListQuery, 'firstSeen'> {
  if (since === undefined && before === undefined) return {}
  return {
    firstSeen: {
      ...(since !== undefined && { sinceMs: Date.parse(since) }),
      ...(before !== undefined && { beforeMs: Date.parse(before) }),
    },
  }
}

const presences = ['online', 'offline', 'missing', 'never'] as const satisfies readonly Presence[]

const lifecycles = [
  'mdm_enrolled',
  'osquery_enrolled',
  'dep_assigned',
  'unenrolled',
] as const satisfies readonly Lifecycle[]

const statuses = [
  'on_personal',
  'on_automatic',
  'on_manual',
  'pending',
  'off',
  'none',
] as const satisfies readonly (Status | 'none')[]

/** Every column the store has an index for; the type makes sure that none is left out. */
const sorts: Readonly<Record<HostSort, true>> = {
  id: true,
  last_seen_at: true,
  first_seen_at: true,
  hostname: true,
  serial: true,
  platform: true,
  os_version: true,
  model: true,
  status: true,
  lifecycle: true,
}

/** Longer than any hostname. */
const prefixCharsMax = 256
