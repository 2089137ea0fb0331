import { html, type Html } from '../../ui/html.ts'
import { flagFile } from './flag-file.ts'

/** What to do when there is no host yet. */
export const firstSteps = ({ origin, host }: URL): Html =>
  html`<div class="empty">
    <h2>No computer has been seen yet</h2>
    <p>Whatever sees one first makes its host. Any of these will do:</p>
    <dl class="steps">
      <dt>Look around</dt>
      <dd>
        <code>npm run demo</code> starts another server on a throw-away folder, with thirty
        simulated computers living their lives.
      </dd>
      <dt>An osquery agent</dt>
      <dd>
        Give it an enroll secret from <a href="/settings#enroll-secrets">Settings</a> and these
        flags. ${flagFile(host)}
      </dd>
      <dt>An Apple device</dt>
      <dd>
        Open a link on the page <a href="/enrollment">Enrol</a> and follow it on the device: it
        gives the profile whose <code>ServerURL</code> is <code>${origin}/mdm</code>.
      </dd>
      <dt>Apple's device list</dt>
      <dd>
        Until Apple Business is connected, hand its objects over:
        <pre>
curl -H 'Authorization: Bearer &lt;token&gt;' -H 'Content-Type: application/json' \\
  -d '{"devices":[{"serial_number":"C02XG0FDH7JY","model":"MacBook Pro"}]}' \\
  ${origin}/api/v1/dep/devices</pre>
      </dd>
    </dl>
  </div>`
