import { path } from '../../ui/address.ts'
import { flag, html, type Html, nothing } from '../../ui/html.ts'
import type { WholeHost } from './answers.ts'
import { type Filled, sendForm } from './send-form.ts'
import type { Visit } from './visit.ts'
import { confirmation } from './wish.ts'

/** What may be done to the host, by those who may. */
export function hostActions(
  { mayChange }: Visit,
  host: WholeHost,
  filled: Filled | undefined,
): Html {
  if (!mayChange) return nothing
  const mayReceive = host.channels.length > 0 && !host.quarantined
  return html`<section class="panel" id="actions">
    <details ${flag('open', filled !== undefined)}>
      <summary><h2>Send a command</h2></summary>
      ${
        mayReceive
          ? sendForm(host, filled)
          : html`<p class="quiet">
              Commands need an MDM channel, and this host has none it may use now.
            </p>`
      }
    </details>
    <details>
      <summary><h2>Enrol its device</h2></summary>
      <p>
        A link for this host lets whoever opens it become this host: after a new board, a lost
        identity, or the first time.
      </p>
      <p>
        <a class="button" href="/enrollment?host=${encodeURIComponent(host.id)}"
          >Open a link for it</a
        >
      </p>
    </details>
    <details>
      <summary><h2>Forget this host</h2></summary>
      <p>
        Its claims, channels and agents go; its journal stays. While Apple's list assigns it to you
        it becomes pending instead, and comes back when it enrols.
      </p>
      <form method="post" action="${path('hosts', host.id, 'delete')}" class="row">
        <label>
          Type <strong>${confirmation(host)}</strong> to confirm
          <input name="confirm" required autocomplete="off" spellcheck="false" />
        </label>
        <button class="danger">Forget host</button>
      </form>
    </details>
  </section>`
}
