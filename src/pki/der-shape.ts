import type { DerNode } from './der-read.ts'

/**
 * The children of an element, when they begin with these tags in this order. More may follow.
 *
 * Undefined: one is missing or another, or there is no element.
 */
export function fieldsOf<const Tags extends readonly number[]>(
  node: DerNode | undefined,
  tags: Tags,
): FieldsOf<Tags> | undefined {
  const children = node?.children ?? []
  const fits = tags.every((tag, index) => {
    const child = children[index]
    return child !== undefined && (tag === anyTag || child.tag === tag)
  })
  return fits ? (children as FieldsOf<Tags>) : undefined // there are at least as many as tags
}

/** The same, when there are no more children than these. */
export function onlyFieldsOf<const Tags extends readonly number[]>(
  node: DerNode | undefined,
  tags: Tags,
): FieldsOf<Tags> | undefined {
  return node?.children.length === tags.length ? fieldsOf(node, tags) : undefined
}

/** One element for every tag asked for. */
export type FieldsOf<Tags extends readonly number[]> = {
  readonly [Index in keyof Tags]: DerNode
}

/** Stands for any tag: zero is none that an element can have. */
export const anyTag = 0
export const booleanTag = 0x01
export const integerTag = 0x02
export const bitStringTag = 0x03
export const octetStringTag = 0x04
export const oidTag = 0x06
export const sequenceTag = 0x30
export const setTag = 0x31
/** `[0]` around whole elements, and `[0]` in place of a primitive's own tag. */
export const explicit0 = 0xa0
export const implicit0 = 0x80
