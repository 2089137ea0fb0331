// Markup that cannot be forgotten to be escaped: every text inside `html` is made visible, then escaped.
import { html as escaping, raw } from 'hono/html'
import { visible } from './visible.ts'

/** Markup that is safe to put into a page as it is. */
export type Html = Exclude<ReturnType<typeof escaping>, Promise<unknown>>

export type Piece = string | number | Html | false | null | undefined | readonly Piece[]

/** A template whose texts may come from anywhere. Attributes must be quoted. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  // Hono only promises for a promise among the pieces, and their type admits none.
  return escaping(strings, ...pieces.map(shown)) as Html
}

/** An attribute without a value, when it applies. The name is ours. */
export const flag = (name: string, applies: boolean): Html => raw(applies ? ` ${name}` : '')

/** Markup that other code of ours has made and escaped. */
export const markup = (text: string | ReturnType<typeof escaping>): Html => raw(text)

export const nothing: Html = raw('')

function shown(piece: Piece): unknown {
  if (typeof piece === 'string') return visible(piece)
  return isList(piece) ? piece.map(shown) : piece
}

const isList = (piece: Piece): piece is readonly Piece[] => Array.isArray(piece)
