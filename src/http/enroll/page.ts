// What a browser shows at an enrolment link. No scripts and no styles: it must work on anything that can enrol.
import { html, type Html, markup } from '../../ui/html.ts'

export const linkPage = (name: string): Html =>
  document(
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
  document('Not enrolled', html`<p>${sentence}</p>`)

const document = (title: string, content: Html): Html =>
  html`${markup('<!doctype html>')}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Muster</title>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`
