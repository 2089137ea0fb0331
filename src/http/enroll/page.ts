// What a browser shows at an enrolment link. No scripts and no styles: it must work on anything that can enrol.
import { html, type Html } from '../../ui/html.ts'
import { plainPage } from '../plain-page.ts'

export const linkPage = (name: string): Html =>
  plainPage(
    'Enrol this device',
    html`<p>
        This link, <strong>${name}</strong>, gives you a profile that lets Muster manage the device
        you install it on: see what is on it, change its settings, lock and erase it.
      </p>
      <p><a href="?download">Download the profile</a></p>
      <h2>Then install it</h2>
      <ul>
        <li>Mac: System Settings, General, Device Management, and double-click the profile.</li>
        <li>iPhone and iPad: Settings, Profile Downloaded, at the top.</li>
      </ul>
      <p>
        Only do so if the people who run your devices gave you this link. The profile is for one
        device: download it anew for another.
      </p>`,
  )

export const sorryPage = (sentence: string): Html =>
  plainPage('Not enrolled', html`<p>${sentence}</p>`)
