// What a page can do more with a script: follow what happens, copy, keys. Everything else works without.
import './diagram-live.js'

// Live: the stream says that something changed; the page then asks for itself and takes over its regions.
const main = document.querySelector('main')
const stream = main?.dataset.live
const sign = document.querySelector('[data-live-sign]')
const pause = document.querySelector('[data-live-pause]')
const betweenMs = 500
let source
let since = new URLSearchParams(stream?.split('?')[1]).get('since')
let isPaused = false
let wanted = false
let isBusy = false

function follow() {
  if (source || isPaused || document.hidden) return
  source = new EventSource(stream.split('?')[0] + (since === null ? '' : `?since=${since}`))
  source.addEventListener('open', () => show('live'))
  source.addEventListener('error', () => show('reconnecting'))
  source.addEventListener('change', ({ data, lastEventId }) => {
    since = lastEventId || since
    const move = JSON.parse(data)
    if (move.lit) document.dispatchEvent(new CustomEvent('muster:state', { detail: move }))
    refresh()
  })
}

// Browsers allow six connections to a server: a hidden page gives its own back, and catches up later.
function rest(word) {
  source?.close()
  source = undefined
  show(word)
}

function show(word) {
  if (!sign) return
  sign.hidden = false
  sign.dataset.state = word
  sign.lastElementChild.textContent = word
}

async function refresh() {
  wanted = true
  if (isBusy) return
  isBusy = true
  while (wanted) {
    wanted = false
    await fetch(location.href, { headers: { 'muster-refresh': '1' }, redirect: 'error' })
      .then((reply) => (reply.ok ? reply.text() : undefined))
      .then((text) => text && takeOver(new DOMParser().parseFromString(text, 'text/html')))
      .catch(() => show('reconnecting'))
    await new Promise((done) => setTimeout(done, betweenMs))
  }
  isBusy = false
}

function takeOver(next) {
  for (const old of document.querySelectorAll('[data-region]')) {
    const fresh = next.getElementById(old.id)
    // Whoever is inside it is reading or typing.
    if (!fresh || fresh.innerHTML === old.dataset.served || old.contains(document.activeElement))
      continue
    const known = new Set([...old.querySelectorAll('tr[id]')].map(({ id }) => id))
    const open = [...old.querySelectorAll('details')].map((one) => one.open)
    old.dataset.served = fresh.innerHTML
    old.replaceChildren(...fresh.childNodes)
    old.querySelectorAll('details').forEach((one, index) => (one.open = open[index] ?? one.open))
    for (const row of old.querySelectorAll('tr[id]'))
      row.classList.toggle('fresh', !known.has(row.id))
    enhance(old)
  }
}

if (stream) {
  follow()
  document.addEventListener('visibilitychange', () =>
    document.hidden ? rest('resting') : follow(),
  )
  if (pause) {
    pause.hidden = false
    pause.addEventListener('click', () => {
      isPaused = !isPaused
      pause.textContent = isPaused ? 'Resume' : 'Pause'
      if (isPaused) rest('paused')
      else follow()
    })
  }
}

// Times stay true while the page stands open. The words are those of the server.
const units = [
  ['d', 864e5],
  ['h', 36e5],
  ['min', 6e4],
  ['s', 1e3],
]
function relative(ms) {
  if (Math.abs(ms) < 1500) return 'now'
  const [name, size] = units.find(([, size]) => Math.abs(ms) >= size) ?? units[3]
  const words = `${Math.floor(Math.abs(ms) / size)} ${name}`
  return ms < 0 ? `${words} ago` : `in ${words}`
}
setInterval(() => {
  for (const time of document.querySelectorAll('time[data-ago]'))
    time.textContent = relative(Date.parse(time.dateTime) - Date.now())
}, 5000)

// Copying: a secret by a button beside it, a member of a tree by its name.
function enhance(root) {
  for (const code of root.querySelectorAll('[data-copy]')) {
    const button = Object.assign(document.createElement('button'), {
      textContent: 'Copy',
      type: 'button',
    })
    button.addEventListener('click', () => copied(code.textContent, button))
    code.after(' ', button)
  }
  for (const key of root.querySelectorAll('[data-path]')) {
    key.title = `Copy path ${key.dataset.path}`
    key.addEventListener('click', (event) => {
      event.preventDefault()
      copied(key.dataset.path, key)
    })
  }
}

async function copied(text, where) {
  await navigator.clipboard?.writeText(text)
  where.classList.add('copied')
  setTimeout(() => where.classList.remove('copied'), 1200)
}
enhance(document)

// Narrow screens have the filters closed at first.
if (matchMedia('(max-width: 60rem)').matches)
  document.querySelector('.facets')?.removeAttribute('open')

// Keys: / to the search, j and k through rows, Enter opens as links do.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target.closest('input, textarea, select')) return
  if (event.key === '/') {
    event.preventDefault()
    document.querySelector('[data-key="/"]')?.focus()
  }
  const step = { j: 1, k: -1 }[event.key]
  if (step === undefined) return
  const links = [...document.querySelectorAll('tbody th[scope="row"] a:first-child')]
  const here = links.indexOf(document.activeElement)
  links[Math.min(links.length - 1, Math.max(0, here + step))]?.focus()
})
