// The flag file for osqueryd, where the console gives it out.
import { agentFlags } from '../../protocol/osquery/agent-flags.ts'
import { html, type Html } from '../../ui/html.ts'

export const flagFile = (host: string): Html =>
  html`<p class="quiet">
      Save this as <code>osquery.flags</code> and start
      <code>osqueryd --flagfile=osquery.flags</code>. It speaks TLS only;
      <code>tls_server_certs</code> is the certificate of the authority that signed this server's.
    </p>
    <pre>${agentFlags(host).join('\n')}</pre>`
