/**
 * Text from a device or a server as one line that can do nothing to a terminal.
 *
 * A computer may be named `\u001b]0;…` or carry a right-to-left override that turns a serial around.
 * Controls, invisible marks and bidirectional controls become visible escapes; everything else stays,
 * joiners too, which emoji and Persian need.
 */
export const harmless = (text: string): string => text.replaceAll(harmful, visible)

const harmful =
  // oxlint-disable-next-line no-control-regex -- these are what it is for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const visible = (character: string): string =>
  short[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
