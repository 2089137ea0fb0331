// What devices are woken with: push certificates, how to get one, and what is wrong with those there are.
import { ok } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { html, type Html } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import type { List, PushCertificate } from './answers.ts'
import type { Refused } from './api-client.ts'
import { viewers } from './settings-page.ts'
import { type Answered, refusedNotice, type Visit } from './visit.ts'

export async function pushPage(visit: Visit, refused?: Refused): Answered {
  if (!visit.mayChange)
    return ok({
      kind: 'page',
      title: 'Push certificates',
      content: html`<h1>Push certificates</h1>
        ${viewers}`,
    })
  const list = await visit.api.get<List<PushCertificate>>('/push-certificates')
  if (!list.ok) return list
  const { items } = list.value
  const content = html`<h1>Push certificates</h1>
    ${refusedNotice(refused)}
    <section class="panel">
      ${items.length === 0 ? none : table(visit, items)} ${uploadForm}
    </section>
    ${howTo}`
  return ok({
    kind: 'page',
    title: 'Push certificates',
    content,
    ...(refused && { status: refused.status }),
  })
}

const none = html`<div class="empty">
  <h2>No device can be woken yet</h2>
  <p>
    Commands wait until their computer comes by itself. Get a push certificate from Apple, as it is
    told below, and upload it here with its key.
  </p>
</div>`

const table = ({ now }: Visit, items: readonly PushCertificate[]): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Topic</th>
          <th scope="col">Expires</th>
          <th scope="col">Uploaded</th>
          <th scope="col">By</th>
          <th scope="col">Apple says</th>
          <th scope="col"><span class="unseen">Delete</span></th>
        </tr>
      </thead>
      <tbody>
        ${items.map(
          (item) =>
            html`<tr>
              <th scope="row" class="mono">${item.topic}</th>
              <td class="time">${ago(item.not_after, now)}</td>
              <td class="time">${ago(item.created_at, now)}</td>
              <td>${item.created_by}</td>
              <td>${item.refused_reason ?? html`<span class="quiet">nothing against it</span>`}</td>
              <td>${deleteForm(item)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`

const deleteForm = ({ topic }: PushCertificate): Html =>
  html`<details class="ask">
    <summary>Delete…</summary>
    <form method="post" action="${path('settings', 'push', topic, 'delete')}">
      <p>No device of this topic can be woken any more.</p>
      <button class="danger" aria-label="Delete ${topic}">Yes, delete it</button>
    </form>
  </details>`

const uploadForm = html`<form
  method="post"
  action="/settings/push"
  enctype="multipart/form-data"
  class="stack"
>
  <h2>Upload one</h2>
  <p class="quiet">
    The certificate with its private key: one PEM file, two PEM files, or a .p12. A topic that has
    one gets this one in its place, without a push lost.
  </p>
  <label>Certificate <input type="file" name="certificate" required /></label>
  <label>Key, if it is in a file of its own <input type="file" name="key" /></label>
  <label
    >Password of the key, if it has one
    <input type="password" name="password" maxlength="1000" autocomplete="off"
  /></label>
  <label
    ><input type="checkbox" name="force" value="yes" /> Take it although enrolled hosts listen to
    another topic</label
  >
  <button>Upload</button>
</form>`

const howTo = html`<section class="panel">
  <h2>How to get one</h2>
  <ol>
    <li>
      Have a certificate signing request signed by an MDM vendor: your own vendor certificate, or a
      signing service.
    </li>
    <li>
      Upload what they give you at
      <a href="https://identity.apple.com/pushcert/">identity.apple.com/pushcert</a>, with an Apple
      Account that belongs to your organisation and not to a person.
    </li>
    <li>Download the certificate and upload it here, with the key the request was made with.</li>
    <li>
      Every year, choose Renew for the same entry with the same Apple Account: its topic stays, and
      devices notice nothing. With another topic every device has to enrol again.
    </li>
  </ol>
</section>`

export async function uploadPush(visit: Visit, fields: URLSearchParams): Answered {
  const files = ['certificate', 'key'].map((name) => Buffer.from(fields.get(name) ?? '', 'base64'))
  const bytes = Buffer.concat(files.flatMap((file) => [file, Buffer.from('\n')]).slice(0, -1))
  const password = fields.get('password') ?? ''
  const kept = await visit.api.put('/push-certificates', {
    ...(bytes.includes('-----BEGIN ')
      ? { pem: bytes.toString('latin1') }
      : { pkcs12: (files[0] ?? Buffer.alloc(0)).toString('base64') }),
    ...(password !== '' && { password }),
    ...(fields.get('force') === 'yes' && { force: true }),
  })
  return kept.ok ? ok({ kind: 'go', to: '/settings/push' }) : pushPage(visit, kept.error)
}

export async function deletePush(visit: Visit): Answered {
  const topic = visit.context.req.param('topic') ?? ''
  const gone = await visit.api.delete(`/push-certificates${path(topic)}`)
  return gone.ok ? ok({ kind: 'go', to: '/settings/push' }) : pushPage(visit, gone.error)
}
