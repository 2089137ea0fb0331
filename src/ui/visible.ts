/**
 * Text from a device as text that cannot lie: controls, invisible marks and what turns the reading
 * direction around are written out as `⟨U+202E⟩`. Line ends and tabs stay.
 */
export const visible = (text: string): string =>
  harmless.test(text) ? text : text.replaceAll(odd, written)

/** Nearly every text: looked at once, without a copy. */
const harmless = /^[\n\t\u0020-\u007e]*$/

// Joiners stay: emoji and Persian need them.
const odd =
  // oxlint-disable-next-line no-control-regex -- these are what it is for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

const written = (character: string): string =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`
