import { fail, ok, type Result } from '../result.ts'
import { type DerNode, oidOf } from './der-read.ts'
import { octetStringTag, oidTag, onlyFieldsOf, sequenceTag, setTag } from './der-shape.ts'
import { oids } from './oids.ts'

/** More than any client sends; each is looked at. */
const attributesMax = 32

/**
 * The signed attributes of a CMS message by their dotted names, each with its one value.
 *
 * Each once, in the order DER has them, since another order would be signed as other bytes; contentType and
 * messageDigest must be among them. Fails with what is wrong.
 */
export function readAttributes(set: DerNode): Result<ReadonlyMap<string, DerNode>, string> {
  if (set.children.length > attributesMax) return fail('too many')
  if (!isSorted(set.children)) return fail('not sorted')
  const attributes = new Map<string, DerNode>()
  for (const node of set.children) {
    const attribute = readAttribute(node)
    if (attribute === undefined) return fail('not one value')
    if (attributes.has(attribute.oid)) return fail('twice the same')
    attributes.set(attribute.oid, attribute.value)
  }
  const isWhole =
    attributes.get(oids.messageDigest)?.tag === octetStringTag &&
    attributes.get(oids.contentType)?.tag === oidTag
  return isWhole ? ok(attributes) : fail('no messageDigest or contentType')
}

const isSorted = (nodes: readonly DerNode[]): boolean =>
  nodes.every((node, index) => {
    const before = nodes[index - 1]
    return before === undefined || Buffer.compare(before.bytes, node.bytes) <= 0
  })

function readAttribute(
  node: DerNode,
): { readonly oid: string; readonly value: DerNode } | undefined {
  if (node.tag !== sequenceTag) return undefined
  const [type, values] = onlyFieldsOf(node, [oidTag, setTag]) ?? []
  const oid = type && oidOf(type)
  const [value, another] = values?.children ?? []
  return oid === undefined || value === undefined || another !== undefined
    ? undefined
    : { oid, value }
}
