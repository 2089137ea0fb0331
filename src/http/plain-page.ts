// A page without scripts and styles, for browsers at addresses that devices use.
import { html, type Html, markup } from '../ui/html.ts'

export const plainPage = (title: string, content: Html): Html =>
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
