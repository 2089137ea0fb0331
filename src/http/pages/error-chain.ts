import { html, type Html, nothing } from '../../ui/html.ts'
import type { WholeCommand } from './answers.ts'

/** Errors shown: a device sends two or three, a hostile one may send more. */
const errorsMax = 32

/** What the device said went wrong: the first is what failed, each further one is why. */
export function errorChain(chain: WholeCommand['error_chain']): Html {
  if (chain.length === 0) return nothing
  return html`<section class="panel bad">
    <h2>What the device says went wrong</h2>
    <ol class="errors">
      ${chain.slice(0, errorsMax).map(
        ({ ErrorCode, ErrorDomain, LocalizedDescription, USEnglishDescription }, index) =>
          html`<li>
            ${index > 0 && html`<span class="quiet">because: </span>`}
            <strong>${USEnglishDescription ?? LocalizedDescription}</strong>
            <span class="mono small quiet">${ErrorDomain} ${ErrorCode}</span>
            ${explained(ErrorDomain, ErrorCode)}
          </li>`,
      )}
    </ol>
  </section>`
}

function explained(domain: string, code: number): Html {
  const says = known.get(`${domain} ${code}`)
  return says === undefined ? nothing : html`<p class="small">${says}</p>`
}

/** The codes operators meet most, in more words than the device gives. */
const known: ReadonlyMap<string, string> = new Map([
  [
    'MCMDMErrorDomain 12021',
    'The device does not know this RequestType: it may need a newer system, another channel or supervision.',
  ],
  ['MCInstallationErrorDomain 4001', 'The profile was not installed; the next error says why.'],
])
