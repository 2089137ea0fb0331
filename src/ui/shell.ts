import { html, type Html, markup, nothing } from './html.ts'

export type Theme = 'light' | 'dark' | 'auto'

/** Everything around a page's own content. */
export type Frame = {
  readonly title: string
  /** Folder of this version's static files. */
  readonly files: string
  readonly theme: Theme
  readonly path: string
  /** Who is signed in; undefined before that. */
  readonly who?: { readonly name: string; readonly role: string } | undefined
  readonly openConflicts?: number | undefined
  /** The stream that says when this page has changed. */
  readonly live?: string | undefined
}

const places = [
  ['/hosts', 'Hosts'],
  ['/commands', 'Commands'],
  ['/events', 'Events'],
  ['/conflicts', 'Conflicts'],
  ['/enrollment', 'Enrol'],
  ['/machines', 'Machines'],
  ['/settings', 'Settings'],
] as const

/** A whole document. */
export const shell = (frame: Frame, content: Html): Html =>
  html`${markup('<!doctype html>')}
    <html lang="en" data-theme="${frame.theme}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${frame.title} · Muster</title>
        <link rel="icon" href="${frame.files}/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${frame.files}/console.css" />
        <script type="module" src="${frame.files}/console.js"></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        ${top(frame)}
        <main id="content" data-live="${frame.live ?? ''}">${content}</main>
      </body>
    </html>`

const top = ({ who, path, theme, files, openConflicts = 0 }: Frame): Html =>
  html`<header class="top">
    <a class="brand" href="/hosts"
      ><img src="${files}/icon.svg" alt="" width="22" height="22" />Muster</a
    >
    ${
      who === undefined
        ? html`<span class="fill"></span>`
        : html`<nav aria-label="Main">
            ${places.map(([href, name]) => place({ href, name, path, openConflicts }))}
          </nav>`
    }
    <div class="self">
      ${themeForm(theme)}
      ${
        who &&
        html`<span class="who" title="Signed in with this token"
            >${who.name} <small>${who.role}</small></span
          >
          <form method="post" action="/sign-out"><button class="plain">Sign out</button></form>`
      }
    </div>
  </header>`

type Place = {
  readonly href: string
  readonly name: string
  readonly path: string
  readonly openConflicts: number
}

function place({ href, name, path, openConflicts }: Place): Html {
  const current = path === href || path.startsWith(`${href}/`)
  const count =
    name === 'Conflicts' && openConflicts > 0
      ? html` <span class="count">${openConflicts}</span>`
      : nothing
  return html`<a href="${href}" aria-current="${current ? 'page' : 'false'}">${name}${count}</a>`
}

const themes = {
  auto: { next: 'light', sign: '◐', says: 'Colours follow the system' },
  light: { next: 'dark', sign: '☀', says: 'Light colours' },
  dark: { next: 'auto', sign: '☾', says: 'Dark colours' },
} as const

function themeForm(theme: Theme): Html {
  const { next, sign, says } = themes[theme]
  const label = `${says}; change to ${next}`
  return html`<form method="post" action="/theme">
    <button class="plain" name="theme" value="${next}" title="${label}" aria-label="${label}">
      ${sign}
    </button>
  </form>`
}
