// What the forms on a host's page do.
import { fail, ok, type Result } from '../../result.ts'
import { path } from '../../ui/address.ts'
import type { CommandItem } from '../api/command-item.ts'
import type { WholeHost } from './answers.ts'
import type { Refused } from './api-client.ts'
import type { PagesDeps } from './deps.ts'
import { hostPage } from './host-page.ts'
import { confirmation, wishOf } from './wish.ts'
import type { Answered, Visit } from './visit.ts'

export async function sendCommand(
  deps: PagesDeps,
  visit: Visit,
  fields: URLSearchParams,
): Answered {
  const host = await hostOf(visit)
  if (!host.ok) return host
  const wish = wishOf(host.value, fields)
  const sent = wish.ok
    ? await visit.api.post<CommandItem>(path('hosts', host.value.id, 'commands'), wish.value)
    : wish
  return sent.ok
    ? ok({ kind: 'go', to: path('commands', sent.value.id) })
    : hostPage(deps, visit, { fields, refused: sent.error })
}

export async function deleteHost(visit: Visit, fields: URLSearchParams): Answered {
  const host = await hostOf(visit)
  if (!host.ok) return host
  if (fields.get('confirm')?.trim() !== confirmation(host.value))
    return fail({
      status: 422,
      title: 'Not forgotten',
      detail: `Type ${confirmation(host.value)} to confirm it.`,
    })
  const at = path('hosts', host.value.id)
  const removed = await visit.api.delete<{ readonly outcome: string }>(at)
  if (!removed.ok) return removed
  return ok({ kind: 'go', to: removed.value.outcome === 'deleted' ? '/hosts' : at })
}

const hostOf = (visit: Visit): Promise<Result<WholeHost, Refused>> =>
  visit.api.get<WholeHost>(path('hosts', visit.context.req.param('ref') ?? ''))
