/** An element as a strict reader sees it. */
export type Element = {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  readonly text: string
}

const name = '[A-Za-z_:][-A-Za-z0-9._:]*'
const reference = '&(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);'
const tokens = new RegExp(
  [
    `<(?<open>${name})(?<attributes>(?: ${name}="(?:[^<&"]|${reference})*")*)(?<empty>/?)>`,
    `</(?<close>${name})>`,
    `(?<text>(?:[^<&]|${reference})+)`,
  ].join('|'),
  'uy',
)
const attribute = new RegExp(`(?<key>${name})="(?<value>[^"]*)"`, 'gu')

type Open = {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

/** Reads the XML a drawing may consist of: elements, attributes, text. Throws on anything else. */
export function readXml(source: string): Element {
  const forbidden = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.exec(source)
  if (forbidden !== null) throw new Error(`forbidden character at ${forbidden.index}`)
  const top: Open = { name: '', attributes: {}, children: [], text: '' }
  const stack = [top]
  tokens.lastIndex = 0
  while (tokens.lastIndex < source.length) {
    const at = tokens.lastIndex
    const groups = tokens.exec(source)?.groups
    if (groups === undefined) throw new Error(`not XML: ${source.slice(at, at + 60)}`)
    take(groups, stack)
  }
  const [root, ...others] = top.children
  if (stack.length !== 1 || root === undefined || others.length > 0 || top.text !== '')
    throw new Error('not one closed element')
  return root
}

function take(token: Readonly<Record<string, string | undefined>>, stack: Open[]): void {
  const parent = stack.at(-1)
  if (parent === undefined) throw new Error('more ends than starts')
  const { open, close, text } = token
  if (text !== undefined) parent.text += plain(text)
  if (close !== undefined && stack.pop()?.name !== close)
    throw new Error(`${close} crosses another`)
  if (open === undefined) return
  const attributes = attributesOf(token['attributes'] ?? '')
  const element: Open = { name: open, attributes, children: [], text: '' }
  parent.children.push(element)
  if (token['empty'] === '') stack.push(element)
}

export const everyElement = (element: Element): readonly Element[] => [
  element,
  ...element.children.flatMap(everyElement),
]

function attributesOf(written: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { groups } of written.matchAll(attribute)) {
    const key = groups?.['key'] ?? ''
    if (Object.hasOwn(found, key)) throw new Error(`${key} twice`)
    found[key] = plain(groups?.['value'] ?? '')
  }
  return found
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const plain = (text: string): string =>
  text.replace(/&[^;]+;/g, (written) => {
    const inner = written.slice(1, -1)
    if (!inner.startsWith('#')) return named[inner] ?? ''
    const hex = inner.startsWith('#x')
    return String.fromCodePoint(Number.parseInt(inner.slice(hex ? 2 : 1), hex ? 16 : 10))
  })
