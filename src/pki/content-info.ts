import { type DerNode, oidOf } from './der-read.ts'
import { anyTag, explicit0, fieldsOf, oidTag } from './der-shape.ts'

/** What CMS and PKCS#12 wrap everything in: a type and one element. Undefined: not wrapped so. */
export function contentInfoOf(
  node: DerNode | undefined,
): { readonly type: string | undefined; readonly content: DerNode } | undefined {
  const [type, wrapper] = fieldsOf(node, [oidTag, explicit0]) ?? []
  const [content] = fieldsOf(wrapper, [anyTag]) ?? []
  return type && content && { type: oidOf(type), content }
}
