// Who may talk to this server: operators by tokens, agents by enroll secrets.
import { ok, type Result } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import type { Backups, List, Secret, Token } from './answers.ts'
import type { Refused } from './api-client.ts'
import { backupsPanel } from './backups-panel.ts'
import { flagFile } from './flag-file.ts'
import { refusedNotice, type Answered, type Visit } from './visit.ts'

/** What was just made, to be copied now or never. */
type Told = { readonly name: string; readonly secret: string }

type Shown = { readonly told?: Told; readonly refused?: Refused }

const kinds = ['tokens', 'enroll-secrets'] as const
type Kind = (typeof kinds)[number]

export async function settingsPage(visit: Visit, { told, refused }: Shown = {}): Answered {
  if (!visit.mayChange)
    return ok({
      kind: 'page',
      title: 'Settings',
      content: html`<h1>Settings</h1>
        ${viewers}`,
    })
  const { api } = visit
  const [tokens, secrets, backups] = await Promise.all([
    api.get<List<Token>>('/tokens'),
    api.get<List<Secret>>('/enroll-secrets'),
    api.get<Backups>('/backups'),
  ])
  if (!tokens.ok) return tokens
  if (!secrets.ok) return secrets
  if (!backups.ok) return backups
  const content = html`<h1>Settings</h1>
    ${refusedNotice(refused)} ${told && toldNotice(told)}
    <p><a href="/settings/push">Push certificates</a>: what devices are woken with.</p>
    <p><a href="/settings/webhooks">Webhooks</a>: programs that are told what happens.</p>
    <div class="columns even">
      ${tokensPanel(visit, tokens.value.items)} ${secretsPanel(visit, secrets.value.items)}
    </div>
    ${backupsPanel(visit, backups.value)}`
  return ok({
    kind: 'page',
    title: 'Settings',
    content,
    ...(refused && { status: refused.status }),
  })
}

export const viewers = html`<div class="empty">
  <h2>Only admins see this</h2>
  <p>
    Tokens, enroll secrets and webhooks are theirs. Your own colours are behind the sign in the top
    corner.
  </p>
</div>`

const toldNotice = ({ name, secret }: Told): Html =>
  html`<div class="notice good" role="status">
    <p><strong>${name}</strong> was created. Copy its secret now: it is shown this once.</p>
    <p><code class="secret" data-copy>${secret}</code></p>
  </div>`

const tokensPanel = ({ now }: Visit, tokens: readonly Token[]): Html =>
  html`<section class="panel" id="tokens">
    <h2>API tokens</h2>
    <p class="quiet">
      For this console, the command line and programs. Viewers read, admins change.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            <th scope="col">Created</th>
            <th scope="col">Last used</th>
            <th scope="col"><span class="unseen">Delete</span></th>
          </tr>
        </thead>
        <tbody>
          ${tokens.map(
            (token) =>
              html`<tr>
                <th scope="row">${token.name}</th>
                <td>${chip(token.role)}</td>
                <td class="time">${created(token, now)}</td>
                <td class="time">${ago(token.last_used_at, now)}</td>
                <td>${deleteForm('tokens', token)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <form method="post" action="/settings/tokens" class="row">
      <label>Name <input name="name" required maxlength="100" autocomplete="off" /></label>
      <label>
        Role
        <select name="role">
          <option value="viewer">viewer</option>
          <option value="admin">admin</option>
        </select>
      </label>
      <button>Create token</button>
    </form>
  </section>`

const secretsPanel = ({ now, url }: Visit, secrets: readonly Secret[]): Html =>
  html`<section class="panel" id="enroll-secrets">
    <h2>Enroll secrets</h2>
    <p class="quiet">
      For osquery agents. To replace one: create another, roll it out, delete the old one. Enrolled
      agents stay.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Created</th>
            <th scope="col"><span class="unseen">Delete</span></th>
          </tr>
        </thead>
        <tbody>
          ${secrets.map(
            (secret) =>
              html`<tr>
                <th scope="row">${secret.name}</th>
                <td class="time">${created(secret, now)}</td>
                <td>${deleteForm('enroll-secrets', secret)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <form method="post" action="/settings/enroll-secrets" class="row">
      <label>Name <input name="name" required maxlength="100" autocomplete="off" /></label>
      <button>Create enroll secret</button>
    </form>
    <details>
      <summary>Flags for osqueryd</summary>
      ${flagFile(url.host)}
    </details>
  </section>`

const created = ({ configured, created_at }: Secret, now: number): Html =>
  configured ? html`<span class="quiet">configured</span>` : ago(created_at, now)

const deleteForm = (kind: Kind, { id, name, configured }: Secret): Html =>
  configured
    ? nothing
    : html`<details class="ask">
        <summary>Delete…</summary>
        <form method="post" action="${path('settings', kind, id, 'delete')}">
          <button class="danger" aria-label="Delete ${name}">Yes, delete it</button>
        </form>
      </details>`

export async function createSecret(visit: Visit, fields: URLSearchParams, kind: Kind): Answered {
  const name = fields.get('name') ?? ''
  const body = kind === 'tokens' ? { name, role: fields.get('role') ?? '' } : { name }
  const made: Result<Told, Refused> = await visit.api.post(`/${kind}`, body)
  return settingsPage(visit, made.ok ? { told: made.value } : { refused: made.error })
}

export async function deleteSecret(visit: Visit, kind: Kind): Answered {
  const gone = await visit.api.delete(path(kind, visit.context.req.param('id') ?? ''))
  return gone.ok
    ? ok({ kind: 'go', to: '/settings' })
    : settingsPage(visit, { refused: gone.error })
}
