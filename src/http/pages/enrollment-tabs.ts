import { html, type Html } from '../../ui/html.ts'

const tabs = [
  ['links', '/enrollment', 'Links'],
  ['certificates', '/enrollment/certificates', 'Certificates'],
] as const

/** The pages about how devices become and stay ours. */
export const enrollmentTabs = (current: (typeof tabs)[number][0]): Html =>
  html`<p class="tabs">
    ${tabs.map(
      ([name, href, title]) =>
        html`<a href="${href}" aria-current="${name === current ? 'true' : 'false'}">${title}</a>`,
    )}
  </p>`
