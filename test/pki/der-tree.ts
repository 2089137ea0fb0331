// DER taken apart so that one piece of it can be put back another way.
import { type DerNode, readDer } from '../../src/pki/der-read.ts'
import { der } from '../../src/pki/der-write.ts'

/** Octets as they are, or an element of further pieces. */
export type Tree = Uint8Array | { readonly tag: number; readonly parts: readonly Tree[] }

export function treeOf(bytes: Uint8Array): Tree {
  const read = readDer(bytes)
  if (!read.ok) throw new Error(read.error.kind)
  return fromNode(read.value)
}

const fromNode = (node: DerNode): Tree =>
  node.children.length === 0 ? node.bytes : { tag: node.tag, parts: node.children.map(fromNode) }

export const bytesOf = (tree: Tree): Uint8Array =>
  tree instanceof Uint8Array ? tree : der.tagged(tree.tag, Buffer.concat(tree.parts.map(bytesOf)))

export const partsOf = (tree: Tree): readonly Tree[] =>
  tree instanceof Uint8Array ? [] : tree.parts

/** The tree with the piece at `path` replaced by what `change` makes of it; an empty list takes it out. */
export function changed(
  tree: Tree,
  path: readonly number[],
  change: (piece: Tree) => Tree | readonly Tree[],
): Tree {
  const [index, ...rest] = path
  if (index === undefined || tree instanceof Uint8Array) throw new Error('no such piece')
  const at = index < 0 ? tree.parts.length + index : index
  const parts = tree.parts.flatMap((part, place): readonly Tree[] => {
    if (place !== at) return [part]
    if (rest.length > 0) return [changed(part, rest, change)]
    const made = change(part)
    return Array.isArray(made) ? made : [made as Tree] // a Tree is no array
  })
  return { tag: tree.tag, parts }
}

export const retagged = (tree: Tree, tag: number): Tree => {
  const bytes = Uint8Array.from(bytesOf(tree))
  bytes[0] = tag
  return bytes
}

/** The same element with its length in the indefinite form, as BER allows. */
export function open(tree: Tree): Uint8Array {
  const [tag = 0] = bytesOf(tree)
  return Buffer.concat([
    Uint8Array.of(tag, 0x80),
    ...partsOf(tree).map(bytesOf),
    Uint8Array.of(0, 0),
  ])
}

/** The same element with one octet of length too many. */
export function padded(tree: Tree): Uint8Array {
  const bytes = bytesOf(tree)
  const node = readDer(bytes)
  if (!node.ok) throw new Error(node.error.kind)
  const { length } = node.value.content
  const head = Uint8Array.of(bytes[0] ?? 0, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff)
  return Buffer.concat([head, node.value.content])
}
