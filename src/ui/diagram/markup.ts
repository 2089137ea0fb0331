/** Text as XML or HTML content or as the value of a double-quoted attribute. */
export const escaped = (text: string): string =>
  text
    .replace(xmlForbidden, '\u{fffd}')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Characters no XML 1.0 document may hold, even escaped: controls, lone surrogates, the two non-characters. */
const xmlForbidden =
  // eslint-disable-next-line no-control-regex -- these are the characters looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu

type Attributes = Readonly<Record<string, string | number | undefined>>

/** A start tag, or an empty element when `close` says so. Attributes without a value are left out. */
export function tag(name: string, attributes: Attributes, close: '' | '/' = ''): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${escaped(String(value))}"`,
  )
  return `<${name}${written.join('')}${close}>`
}

/** An element around markup that is already safe. */
export const element = (name: string, attributes: Attributes, inner: string): string =>
  `${tag(name, attributes)}${inner}</${name}>`

/** Class names that apply, in one attribute value. */
export const classes = (...names: readonly (string | false | undefined)[]): string =>
  names.filter((name) => name !== false && name !== undefined).join(' ')
