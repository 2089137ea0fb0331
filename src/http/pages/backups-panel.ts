// The part of the settings page that says how old the last backup is.
import { html, type Html, nothing } from '../../ui/html.ts'
import { ago, duration } from '../../ui/time.ts'
import type { Backups } from './answers.ts'
import type { Visit } from './visit.ts'

type Backup = Backups['items'][number]

export const backupsPanel = ({ now }: Visit, { items, schedule }: Backups): Html =>
  html`<section class="panel" id="backups">
    <h2>Backups</h2>
    <p class="quiet">
      ${
        schedule === null
          ? html`The server makes none by itself: start it with <code>--backup-every 6h</code>, or
              run <code>muster backup FILE</code>.`
          : html`One every ${duration(schedule.every_s * 1_000)}, the last ${String(schedule.keep)}
              in <code>${schedule.folder}</code>.`
      }
    </p>
    ${
      items.length === 0
        ? html`<p>There is no backup yet.</p>`
        : html`<div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Kind</th>
                  <th scope="col">Last</th>
                  <th scope="col">Size</th>
                  <th scope="col">By, or file</th>
                  <th scope="col">Trouble</th>
                </tr>
              </thead>
              <tbody>
                ${items.map((item) => row(item, now))}
              </tbody>
            </table>
          </div>`
    }
  </section>`

const row = (item: Backup, now: number): Html =>
  html`<tr>
    <th scope="row">${item.kind === 'schedule' ? 'by schedule' : 'downloaded'}</th>
    <td class="time">${item.at === null ? 'never' : ago(item.at, now)}</td>
    <td>${item.bytes === null ? nothing : `${(item.bytes / 1_000_000).toFixed(1)} MB`}</td>
    <td>${item.made_by ?? item.file ?? ''}</td>
    <td>${troubleOf(item, now)}</td>
  </tr>`

function troubleOf({ failed_at, failure, findings }: Backup, now: number): Html {
  if (failed_at !== null) return html`<strong>failed</strong> ${ago(failed_at, now)}: ${failure}`
  return findings === null || findings === 0
    ? nothing
    : html`<strong>the database was damaged</strong> in ${String(findings)} places: run
        <code>muster check</code>`
}
