// What a browser shows at the address that devices report to.
import { html, type Html } from '../../ui/html.ts'
import { plainPage } from '../plain-page.ts'

export const mdmPage: Html = plainPage(
  'An address for devices',
  html`<p>
      Enrolled Apple devices report here and fetch their commands. A browser has nothing to do at
      this address; that it shows this page means that the server is reachable.
    </p>
    <p>
      Operators use the <a href="/">console</a>. It may be served at another address than the one
      for devices. A computer becomes managed through an enrolment link, which an operator makes in
      the console or with <code>muster enroll-links create</code>.
    </p>`,
)
