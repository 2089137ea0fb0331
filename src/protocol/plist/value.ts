/**
 * What a property list can hold. Whole numbers beyond 2^53 are bigints, so no integer is ever rounded;
 * strings never contain what XML cannot carry, because the readers refuse it.
 */
export type PlistValue =
  | string
  | number
  | bigint
  | boolean
  | WholeReal
  | Date
  | Uint8Array
  | readonly PlistValue[]
  | Dict

/** A real without a fraction, such as `<real>1.0</real>`: as a number it would be written as an integer. */
export class WholeReal {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A dictionary without a prototype: `__proto__` and `constructor` are keys like any other. */
export type Dict = { readonly [key: string]: PlistValue }

/** A dictionary while it is being filled. */
export type DictDraft = { [key: string]: PlistValue }

export const emptyDict = (): DictDraft => {
  const draft: DictDraft = Object.create(null)
  return draft
}

/** Copies own entries into a dictionary without a prototype. */
export function dictOf(entries: Readonly<Record<string, PlistValue | undefined>>): Dict {
  const draft = emptyDict()
  for (const [key, value] of Object.entries(entries)) {
    if (value !== undefined) draft[key] = value
  }
  return draft
}

export const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array

export const isDate = (value: unknown): value is Date => value instanceof Date

export const isWholeReal = (value: unknown): value is WholeReal => value instanceof WholeReal

export const isArray = (value: PlistValue | undefined): value is readonly PlistValue[] =>
  Array.isArray(value)

export const isDict = (value: PlistValue | undefined): value is Dict =>
  typeof value === 'object' &&
  !isArray(value) &&
  !isBytes(value) &&
  !isDate(value) &&
  !isWholeReal(value)

/**
 * Characters that XML 1.0 cannot carry, not even as a reference. Halves of surrogate pairs are left to
 * `isWellFormed`.
 */
// oxlint-disable-next-line no-control-regex -- finding control characters is the point
export const xmlIllegal: RegExp = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

const allIllegal = new RegExp(xmlIllegal, 'g')

/** The text with U+FFFD for each character that XML cannot carry. As long as before. */
export const legalText = (text: string): string =>
  text.toWellFormed().replaceAll(allIllegal, '\uFFFD')

/** Can this string be written into an XML property list? */
export const isXmlText = (text: string): boolean => text.isWellFormed() && !xmlIllegal.test(text)
