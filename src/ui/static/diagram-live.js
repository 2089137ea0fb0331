// Lights the statecharts of a page while its host lives. A message names what changed by the ids the server drew:
//   { on: ['mdm.enrolled', …], off: ['mdm.authenticated'], edge: 'mdm.authenticated>mdm.enrolled' }
// Send it as the detail of a `muster:state` event on (or below) the document, or as an SSE message of that name.
const all = (root, key, id) => root.querySelectorAll(`[data-${key}="${CSS.escape(id)}"]`)

const light = (state, lit) => {
  state.classList.toggle('lit', lit)
  if (state.localName !== 'li') return
  if (lit) state.setAttribute('aria-current', 'true')
  else state.removeAttribute('aria-current')
}

/** Moves the classes `lit` and `last` within a drawing, an outline, or an element around both. */
export function applyMove(root, { on = [], off = [], edge }) {
  for (const id of off) for (const state of all(root, 'state', id)) light(state, false)
  for (const id of on) for (const state of all(root, 'state', id)) light(state, true)
  if (edge === undefined) return
  for (const old of root.querySelectorAll('[data-edge].last')) old.classList.remove('last')
  for (const taken of all(root, 'edge', edge)) taken.classList.add('last')
}

/** Lights exactly these states: after a reconnect nobody knows what was missed. */
export function lightStates(root, lit) {
  for (const state of root.querySelectorAll('[data-state]'))
    light(state, lit.includes(state.dataset.state))
}

document.addEventListener('muster:state', ({ detail }) => {
  const move = typeof detail.data === 'string' ? JSON.parse(detail.data) : detail
  // Drawings of another machine on the page have states of the same names.
  const scope = move.machine === undefined ? '' : `[data-machine="${CSS.escape(move.machine)}"]`
  for (const root of document.querySelectorAll(`.diagram${scope}, .outline${scope}`))
    if (move.lit) (lightStates(root, move.lit), applyMove(root, { edge: move.edge }))
    else applyMove(root, move)
})
