// Signatures whose pieces are all there and good, with something beside them that no reader would look at.
import { der } from '../../src/pki/der-write.ts'
import { oids } from '../../src/pki/oids.ts'
import { bytesOf, partsOf, type Tree } from './der-tree.ts'
import {
  attribute,
  attributes,
  base64,
  body,
  but,
  certificates,
  device1,
  digest,
  digestOf,
  encapsulated,
  type Hostile,
  resigned,
  setOf,
  signature,
  signedData,
  signer,
  signerInfos,
  tree,
  type,
} from './signed-base.ts'

const other = Buffer.from('<plist><dict><key>Status</key><string>Error</string></dict></plist>')

/** One more piece at the end. */
const longer = (path: readonly number[], extra: Tree): string =>
  path.length === 0
    ? base64(bytesOf({ tag: 0x30, parts: [...partsOf(tree), extra] }))
    : but(path, (piece) => ({ tag: bytesOf(piece)[0] ?? 0, parts: [...partsOf(piece), extra] }))
/** A piece between this one and the next. */
const followed = (path: readonly number[], extra: Tree): string =>
  but(path, (piece) => [piece, extra])
const content = (inside: Uint8Array, tag = 0xa0): string =>
  longer(encapsulated, der.tagged(tag, inside))
const nothing = new Uint8Array()
const text = der.octetString(Buffer.from('junk'))

/** Content that is not compared with the body is content somebody else may read. */
const contents: readonly (readonly [string, string])[] = [
  ['another body as text', content(der.utf8String(other.toString()))],
  ['another body in a sequence', content(der.sequence(der.octetString(other)))],
  ['another body as the bare octets of [0]', content(other, 0x80)],
  ['another body under [1]', content(der.octetString(other), 0xa1)],
  ['another body beside the type', longer(encapsulated, der.octetString(other))],
  [
    'the body and another one',
    content(Buffer.concat([der.octetString(body), der.octetString(other)])),
  ],
  [
    'the body under [0] twice',
    but(encapsulated, (piece) => ({
      tag: 0x30,
      parts: [
        ...partsOf(piece),
        ...[body, other].map((each) => der.tagged(0xa0, der.octetString(each))),
      ],
    })),
  ],
  ['an empty [0] for a body', content(nothing)],
  ['a content without a type', but([...encapsulated, 0], () => [])],
  ['a content whose type is text', but([...encapsulated, 0], () => der.utf8String(oids.data))],
  [
    'a content whose type has an arc of nine octets',
    but([...encapsulated, 0], () => der.tagged(0x06, Buffer.from('2affffffffffffffff7f', 'hex'))),
  ],
]

const places: readonly (readonly [string, string])[] = [
  ['something behind the wrapper', longer([], text)],
  ['a second message in the wrapper', longer([1], partsOf(partsOf(tree)[1] ?? tree)[0] ?? tree)],
  ['something behind the signers', longer(signedData, text)],
  [
    'signers twice',
    followed(signerInfos, partsOf(partsOf(partsOf(tree)[1] ?? tree)[0] ?? tree)[4] ?? tree),
  ],
  ['no signers, certificates last', but(signerInfos, () => [])],
  ['something before the certificates', followed(encapsulated, text)],
  ['something between certificates and signers', followed(certificates, text)],
  ['certificates twice', followed(certificates, der.tagged(0xa0, device1.certificate.der))],
  [
    'certificates behind revocation lists',
    but(certificates, (piece) => [der.tagged(0xa1, nothing), piece]),
  ],
  ['no version', but([...signedData, 0], () => [])],
  ['no digest algorithms', but([...signedData, 1], () => [])],
  ['something behind the signature', longer(signer, text)],
  [
    'unsigned attributes twice',
    but(signer, (piece) => ({
      tag: 0x30,
      parts: [...partsOf(piece), der.tagged(0xa1, nothing), der.tagged(0xa1, nothing)],
    })),
  ],
  ['unsigned attributes under [2]', longer(signer, der.tagged(0xa2, nothing))],
  ['signed attributes twice', followed(attributes, der.tagged(0xa0, nothing))],
  ['the signature twice', followed(signature, der.octetString(Buffer.alloc(256, 1)))],
  ['a signer without a version', but([...signer, 0], () => [])],
  ['a signer without a name', but([...signer, 1], () => [])],
  ['a signer without a digest', but([...signer, 2], () => [])],
  ['a signer without a signature', but(signature, () => [])],
  [
    'an attribute with something behind its values',
    resigned(
      setOf(
        type,
        der.sequence(
          der.oid(oids.messageDigest),
          der.set(der.octetString(digest)),
          der.octetString(other),
        ),
      ),
    ),
  ],
  [
    'an attribute that is a SET',
    resigned(setOf(type, der.set(der.oid(oids.messageDigest), der.set(der.octetString(digest))))),
  ],
  [
    'an attribute whose name has an arc of nine octets',
    resigned(
      setOf(
        type,
        digestOf(digest),
        der.sequence(
          der.tagged(0x06, Buffer.from('2affffffffffffffff7f', 'hex')),
          der.set(der.null()),
        ),
      ),
    ),
  ],
  [
    'an attribute with a high tag',
    resigned(setOf(type, digestOf(digest), attribute('1.2.3.4', Buffer.from('1f810100', 'hex')))),
  ],
  [
    'an attribute with a needless octet of length',
    resigned(setOf(type, digestOf(digest), attribute('1.2.3.4', Buffer.from('04810100', 'hex')))),
  ],
]

export const hostileShapes: readonly Hostile[] = [
  ...[...contents, ...places].map(([what, header]): Hostile => ({
    what,
    header,
    fault: 'not-a-signature',
  })),
  {
    what: 'a signer named by issuer, serial and something more',
    header: longer([...signer, 1], der.integer(1)),
    fault: 'bad-signature',
  },
]
