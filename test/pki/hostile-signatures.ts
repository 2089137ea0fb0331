// Signatures that must not be believed, each with what is wrong about it.
import { constants, createHash, createPublicKey, privateEncrypt, sign } from 'node:crypto'
import { signCms } from '../../src/pki/cms-signing.ts'
import { der } from '../../src/pki/der-write.ts'
import { oids } from '../../src/pki/oids.ts'
import { bytesOf, changed, open, padded, partsOf, retagged, type Tree, treeOf } from './der-tree.ts'
import { forgedForCube } from './forgery.ts'
import { hostileCertificates } from './hostile-certificates.ts'
import { hostileShapes } from './hostile-shapes.ts'
import {
  attribute,
  attributes,
  base64,
  body,
  but,
  certificates,
  device1,
  device2,
  digest,
  digestOf,
  elliptic,
  encapsulated,
  exponent3,
  flipped,
  good,
  impostor,
  resigned,
  root,
  setOf,
  signature,
  signed,
  signedData,
  signer,
  signerInfos,
  signing,
  stranger,
  tree,
  type,
  type Hostile,
} from './signed-base.ts'
import { nowMs } from './signers.ts'

const otherBodies: readonly Hostile[] = [
  ['empty', Buffer.alloc(0)],
  ['with a newline', Buffer.concat([body, Buffer.from('\n')])],
  ['without its last byte', body.subarray(0, -1)],
  ['twice', Buffer.concat([body, body])],
  ['with a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body])],
  ['in another case', Buffer.from(body.toString().toUpperCase())],
  ['with the attributes in place of the content', bytesOf(setOf(type, digestOf(digest))())],
  ['with one bit changed', flipped(body, 9)],
].map(([what, other]) => ({
  what: `a body ${String(what)}`,
  header: base64(good),
  body: other as Uint8Array, // the table's second column
  fault: 'bad-signature',
}))

const attached: readonly Hostile[] = [
  ['another body inside', signed(device1, { detached: false, content: Buffer.from('other') })],
  [
    'the body and a byte more inside',
    signed(device1, { detached: false, content: Buffer.concat([body, Buffer.of(0)]) }),
  ],
  ['an empty body inside', signed(device1, { detached: false, content: Buffer.alloc(0) })],
  [
    'another body put inside a detached signature',
    but(encapsulated, (piece) => ({
      tag: 0x30,
      parts: [...partsOf(piece), der.tagged(0xa0, der.octetString(Buffer.from('other')))],
    })),
  ],
].map(([what = '', header = '']) => ({
  what: `a signature with ${what}`,
  header,
  fault: 'bad-signature',
}))

const badAttributes: readonly Hostile[] = [
  [
    'no signed attributes, the body signed itself',
    but(signer, (piece) => ({
      tag: 0x30,
      parts: partsOf(piece).flatMap((part, index) =>
        index === 3
          ? []
          : index === 5
            ? [der.octetString(sign('sha256', body, device1.key))]
            : [part],
      ),
    })),
  ],
  [
    'no signed attributes, what they were signed itself',
    but(signer, (piece) => ({
      tag: 0x30,
      parts: partsOf(piece).filter((_, index) => index !== 3),
    })),
  ],
  ['an empty set', resigned(() => der.tagged(0xa0, Buffer.alloc(0)))],
  ['no messageDigest', resigned(setOf(type))],
  ['no contentType', resigned(setOf(digestOf(digest)))],
  ['messageDigest twice, the same', resigned(setOf(type, digestOf(digest), digestOf(digest)))],
  [
    'messageDigest twice, another first',
    resigned(setOf(type, digestOf(Buffer.alloc(32)), digestOf(digest))),
  ],
  [
    'messageDigest twice, another last',
    resigned(setOf(type, digestOf(digest), digestOf(Buffer.alloc(32, 255)))),
  ],
  ['contentType twice', resigned(setOf(type, type, digestOf(digest)))],
  [
    'messageDigest with two values',
    resigned(
      setOf(
        type,
        attribute(oids.messageDigest, der.octetString(digest), der.octetString(Buffer.alloc(32))),
      ),
    ),
  ],
  ['messageDigest without a value', resigned(setOf(type, attribute(oids.messageDigest)))],
  [
    'contentType with two values',
    resigned(
      setOf(
        attribute(oids.contentType, der.oid(oids.data), der.oid(oids.signedData)),
        digestOf(digest),
      ),
    ),
  ],
  [
    'a messageDigest that is an INTEGER',
    resigned(setOf(type, attribute(oids.messageDigest, der.integer(digest)))),
  ],
  [
    'a contentType that is text',
    resigned(setOf(attribute(oids.contentType, der.utf8String(oids.data)), digestOf(digest))),
  ],
  ['attributes that are no sequences', resigned(setOf(der.octetString(digest), digestOf(digest)))],
  [
    'a value outside of its set',
    resigned(setOf(type, der.sequence(der.oid(oids.messageDigest), der.octetString(digest)))),
  ],
  [
    'attributes in another order',
    resigned((set) => ({ tag: 0xa0, parts: partsOf(set).toReversed() })),
  ],
  [
    'more attributes than anybody sends',
    resigned(
      setOf(
        type,
        digestOf(digest),
        ...Array.from({ length: 40 }, (_, index) =>
          attribute(`1.3.6.1.4.1.9.${index}`, der.integer(index)),
        ),
      ),
    ),
  ],
  ['attributes under [1]', but(attributes, (set) => retagged(set, 0xa1))],
  ['attributes as a plain SET', but(attributes, (set) => retagged(set, 0x31))],
  [
    'an OBJECT IDENTIFIER that is an INTEGER',
    resigned(setOf(type, digestOf(digest), der.sequence(der.integer(7), der.set(der.integer(7))))),
  ],
].map(([what = '', header = '']) => ({ what, header, fault: 'not-a-signature' }))

const lyingAttributes: readonly Hostile[] = [
  [
    'the digest of another body',
    resigned(setOf(type, digestOf(createHash('sha256').update('other').digest()))),
  ],
  ['half a digest', resigned(setOf(type, digestOf(digest.subarray(0, 16))))],
  [
    'a digest and a byte more',
    resigned(setOf(type, digestOf(Buffer.concat([digest, Buffer.of(0)])))),
  ],
  ['an empty digest', resigned(setOf(type, digestOf(Buffer.alloc(0))))],
  [
    'the SHA-1 digest under SHA-256',
    resigned(setOf(type, digestOf(createHash('sha1').update(body).digest()))),
  ],
  [
    'another content type than the message',
    resigned(setOf(attribute(oids.contentType, der.oid(oids.signedData)), digestOf(digest))),
  ],
  [
    'attributes changed after signing',
    but([...attributes, 1], (piece) =>
      bytesOf(attribute(oids.signingTime, der.time(nowMs + 1_000))).length > 0
        ? flipped(bytesOf(piece), bytesOf(piece).length - 1)
        : piece,
    ),
  ],
].map(([what = '', header = '']) => ({ what, header, fault: 'bad-signature' }))

const withSigners = (...signers: readonly Tree[]): string =>
  but(signerInfos, () => ({ tag: 0x31, parts: signers }))
const [own] = partsOf(
  signerInfos.reduce<Tree>((piece, index) => partsOf(piece)[index] ?? piece, tree),
)
const theirs = partsOf(
  signerInfos.reduce<Tree>(
    (piece, index) => partsOf(piece)[index] ?? piece,
    treeOf(signCms(signing(device2))),
  ),
)[0]
const named = (issuer: Uint8Array, serial: Uint8Array): string =>
  but([...signer, 1], () => der.sequence(issuer, serial))
const { issuerDer, subjectDer, serial: serialHex } = device1.certificate
const serial = der.tagged(0x02, Buffer.from(serialHex, 'hex'))

const signers: readonly Hostile[] = [
  { what: 'no signer', header: withSigners(), fault: 'not-a-signature' },
  {
    what: 'the same signer twice',
    header: withSigners(own ?? tree, own ?? tree),
    fault: 'not-a-signature',
  },
  {
    what: 'two signers',
    header: withSigners(own ?? tree, theirs ?? tree),
    fault: 'not-a-signature',
  },
  {
    what: 'a signer with another serial',
    header: named(issuerDer, der.integer(7)),
    fault: 'bad-signature',
  },
  {
    what: 'a signer with another issuer',
    header: named(subjectDer, serial),
    fault: 'bad-signature',
  },
  {
    what: 'a signer with a negative serial',
    header: named(issuerDer, der.tagged(0x02, Buffer.from([0x80 | 1]))),
    fault: 'bad-signature',
  },
  {
    what: 'a signer named by its key',
    header: but([...signer, 1], () =>
      der.tagged(0x80, Buffer.from(device1.certificate.subjectKeyId ?? '', 'hex')),
    ),
    fault: 'bad-signature',
  },
  {
    what: 'a signer that is another device',
    header: named(issuerDer, der.tagged(0x02, Buffer.from(device2.certificate.serial, 'hex'))),
    fault: 'bad-signature',
  },
]

const flippedAt = [40, 120, 200, 300, 400, 500, 600, 700]
const certificateCases: readonly Hostile[] = [
  { what: 'no certificate', header: signed(device1, { certificates: [] }), fault: 'bad-signature' },
  {
    what: "the authority's certificate alone",
    header: signed(device1, { certificates: [root.certificate.der] }),
    fault: 'bad-signature',
  },
  {
    what: 'the certificate twice',
    header: signed(device1, { certificates: [device1.certificate.der, device1.certificate.der] }),
    fault: 'bad-signature',
  },
  {
    what: "another device's certificate",
    header: signed(device1, { certificates: [device2.certificate.der] }),
    fault: 'bad-signature',
  },
  {
    what: "another device's certificate and its name",
    header: signed(device1, {
      certificate: device2.certificate,
      certificates: [device2.certificate.der],
    }),
    fault: 'bad-signature',
  },
  {
    what: 'another authority of the same name',
    header: signed(stranger),
    fault: 'unknown-authority',
  },
  {
    what: 'another authority of the same name, with the true one beside it',
    header: signed(stranger, { certificates: [stranger.certificate.der, root.certificate.der] }),
    fault: 'unknown-authority',
  },
  { what: 'the authority itself', header: signed(root), fault: 'not-a-device' },
  { what: 'an impostor of the authority', header: signed(impostor), fault: 'unknown-authority' },
  {
    what: 'certificates under [1]',
    header: but(certificates, (piece) => retagged(piece, 0xa1)),
    fault: 'bad-signature',
  },
  {
    what: 'a certificate in an octet string',
    header: but(certificates, () => der.tagged(0xa0, der.octetString(device1.certificate.der))),
    fault: 'bad-signature',
  },
  ...flippedAt.map((at): Hostile => ({
    what: `a certificate with a bit changed at ${at}`,
    header: signed(device1, { certificates: [flipped(device1.certificate.der, at)] }),
  })),
]

const algorithmAt = (path: readonly number[], dotted: string): string =>
  but([...signer, ...path], () => der.sequence(der.oid(dotted), der.null()))
const digestsRefused = {
  MD5: '1.2.840.113549.2.5',
  MD2: '1.2.840.113549.2.2',
  'SHA-224': '2.16.840.1.101.3.4.2.4',
  'RIPEMD-160': '1.3.36.3.2.1',
  nothing: '1.2.3.4',
}
const signaturesRefused = {
  'RSA with MD5': '1.2.840.113549.1.1.4',
  'RSA-PSS': '1.2.840.113549.1.1.10',
  'RSA with SHA-1 over SHA-256': oids.sha1WithRsa,
  'RSA with SHA-512 over SHA-256': oids.sha512WithRsa,
  'ECDSA with an RSA key': oids.ecdsaWithSha256,
  DSA: '1.2.840.10040.4.3',
  Ed25519: '1.3.101.112',
  nothing: '1.2.3.4',
}
const algorithms: readonly Hostile[] = [
  ...Object.entries(digestsRefused).map(([name, oid]): Hostile => ({
    what: `the digest ${name}`,
    header: algorithmAt([2], oid),
    fault: 'not-a-signature',
  })),
  ...Object.entries(signaturesRefused).map(([name, oid]): Hostile => ({
    what: `the signature algorithm ${name}`,
    header: algorithmAt([4], oid),
    fault: 'bad-signature',
  })),
  {
    what: 'RSA with an elliptic key',
    header: base64(
      bytesOf(
        changed(treeOf(signCms(signing(elliptic))), [...signer, 4], () =>
          der.sequence(der.oid(oids.sha256WithRsa), der.null()),
        ),
      ),
    ),
    fault: 'bad-signature',
  },
]

const signatureBytes = (bytes: Uint8Array): string => but(signature, () => der.octetString(bytes))
const ownSignature = Buffer.from(
  bytesOf(signature.reduce<Tree>((piece, index) => partsOf(piece)[index] ?? piece, tree)),
).subarray(4)
const ellipticSignature = (r: Uint8Array, s: Uint8Array): string =>
  base64(
    bytesOf(
      changed(treeOf(signCms(signing(elliptic))), signature, () =>
        der.octetString(der.sequence(r, s)),
      ),
    ),
  )
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
const one = der.integer(1)
const signedBytes = bytesOf(
  retagged(
    attributes.reduce<Tree>(
      (piece, index) => partsOf(piece)[index] ?? piece,
      treeOf(signCms(signing(exponent3))),
    ),
    0x31,
  ),
)
const withExponent3 = (bytes: Uint8Array): string =>
  base64(
    bytesOf(changed(treeOf(signCms(signing(exponent3))), signature, () => der.octetString(bytes))),
  )

const signatures: readonly Hostile[] = [
  ['an empty signature', signatureBytes(Buffer.alloc(0))],
  ['a signature of zeros', signatureBytes(Buffer.alloc(256))],
  ['a signature of ones', signatureBytes(Buffer.alloc(256, 255))],
  ['a signature of one', signatureBytes(Buffer.concat([Buffer.alloc(255), Buffer.of(1)]))],
  ['half a signature', signatureBytes(ownSignature.subarray(0, 128))],
  ['a signature and a byte more', signatureBytes(Buffer.concat([ownSignature, Buffer.of(0)]))],
  ['a signature behind a zero', signatureBytes(Buffer.concat([Buffer.of(0), ownSignature]))],
  ['the signature of the body itself', signatureBytes(sign('sha256', body, device1.key))],
  [
    'the signature of the attributes as [0]',
    signatureBytes(sign('sha256', bytesOf(retagged(treeOf(signedBytes), 0xa0)), device1.key)),
  ],
  ['a signature with SHA-1', signatureBytes(sign('sha1', signedBytes, device1.key))],
  ['a signature by another key', signatureBytes(sign('sha256', signedBytes, device2.key))],
  [
    'a bare padded digest',
    signatureBytes(
      privateEncrypt({ key: device1.key, padding: constants.RSA_PKCS1_PADDING }, digest),
    ),
  ],
  ...[0, 1, 63, 127, 128, 200, 254, 255].map(
    (at) =>
      [
        `a signature with a bit changed at ${at}`,
        signatureBytes(flipped(ownSignature, at)),
      ] as const,
  ),
  ['r of zero', ellipticSignature(der.integer(0), one)],
  ['s of zero', ellipticSignature(one, der.integer(0))],
  ['r and s of one', ellipticSignature(one, one)],
  ['r of the order', ellipticSignature(der.integer(order), one)],
  ['s of the order', ellipticSignature(one, der.integer(order))],
  ['s above the order', ellipticSignature(one, der.integer(order + 1n))],
  ['a negative r', ellipticSignature(der.tagged(0x02, Buffer.of(0xff)), one)],
  [
    'r and s in no sequence',
    base64(
      bytesOf(
        changed(treeOf(signCms(signing(elliptic))), signature, () =>
          der.octetString(Buffer.alloc(64, 7)),
        ),
      ),
    ),
  ],
  [
    'an elliptic signature without s',
    base64(
      bytesOf(
        changed(treeOf(signCms(signing(elliptic))), signature, () =>
          der.octetString(der.sequence(one)),
        ),
      ),
    ),
  ],
  [
    'junk behind a short padding, for an exponent of three',
    withExponent3(
      forgedForCube(createPublicKey(exponent3.key), { message: signedBytes, junk: 'behind' }),
    ),
  ],
  [
    'junk in the parameters, for an exponent of three',
    withExponent3(
      forgedForCube(createPublicKey(exponent3.key), { message: signedBytes, junk: 'inside' }),
    ),
  ],
].map(([what = '', header = '']) => ({ what, header, fault: 'bad-signature' }))

const levels = [
  [],
  [1],
  [1, 0],
  [1, 0, 1],
  [1, 0, 2],
  [1, 0, 4],
  [1, 0, 4, 0],
  [1, 0, 4, 0, 1],
  [1, 0, 4, 0, 3],
  [1, 0, 4, 0, 5],
]
const at = (path: readonly number[], change: (piece: Tree) => Tree): string =>
  path.length === 0 ? base64(bytesOf(change(tree))) : but(path, change)
const deep = (depth: number): Uint8Array =>
  Buffer.concat([Buffer.alloc(depth, Buffer.of(0x30, 0x80)), Buffer.alloc(depth * 2)])
const cuts = Array.from({ length: 16 }, (_, index) => Math.floor((good.length * index) / 16))

const encodings: readonly Hostile[] = [
  ...levels.map(
    (path) =>
      [`a needless octet of length at ${path.join('.') || 'the top'}`, at(path, padded)] as const,
  ),
  ...cuts.map((cut) => [`the first ${cut} bytes`, base64(good.subarray(0, cut))] as const),
  ['a byte behind the message', base64(Buffer.concat([good, Buffer.of(0)]))],
  ['a message behind the message', base64(Buffer.concat([good, good]))],
  ['a high tag number', base64(Buffer.concat([Buffer.of(0x3f), good.subarray(1)]))],
  ['another type of message', but([0], () => der.oid(oids.envelopedData))],
  ['no wrapper', base64(bytesOf(partsOf(tree)[1] ?? tree))],
  ['[1] around it', but([1], (piece) => retagged(piece, 0xa1))],
  [
    'a type with nine-octet arcs',
    but([0], () => der.tagged(0x06, Buffer.from('2a8680808080808080808001', 'hex'))),
  ],
  ['a type that does not end', but([0], () => der.tagged(0x06, Buffer.of(0x2a, 0x86)))],
  ['a version that is no number', but([...signedData, 0], () => der.octetString(Buffer.of(1)))],
  [
    'a version with a leading zero',
    but([...signedData, 0], () => der.tagged(0x02, Buffer.of(0, 1))),
  ],
  ['an empty version', but([...signedData, 0], () => der.tagged(0x02, Buffer.alloc(0)))],
  ['digests that are no set', but([...signedData, 1], (piece) => retagged(piece, 0x30))],
  ['signers that are no set', but(signerInfos, (piece) => retagged(piece, 0x30))],
  ['a signer that is a set', but(signer, (piece) => retagged(piece, 0x31))],
  ['a signature that is bits', but(signature, (piece) => retagged(piece, 0x03))],
  ['three thousand levels, which fit a header', base64(deep(3_000))],
  ['forty levels', base64(deep(40))],
  ['only lengths', base64(Buffer.alloc(600, 0x84))],
  ['a length beyond all bytes', base64(Buffer.from('3083ffffff0101', 'hex'))],
  [
    'a length of a hundred octets',
    base64(Buffer.concat([Buffer.of(0x30, 0xe4), Buffer.alloc(100, 255)])),
  ],
  ['an open primitive', base64(Buffer.from('0480010000', 'hex'))],
  ['an open sequence that does not end', base64(Buffer.from('3080020101', 'hex'))],
  [
    'twenty thousand elements',
    base64(der.sequence(...Array.from({ length: 9_000 }, () => der.null()))),
  ],
  ['text', base64(Buffer.from('not a message at all'))],
].map(([what = '', header = '']) => ({ what, header, fault: 'not-a-signature' }))

/** What BER allows around them, inside the signed attributes changes what is signed. */
const berInside: readonly Hostile[] = [
  {
    what: 'attributes of open length, signed as such',
    header: resignedOpen(),
    fault: 'bad-signature',
  },
]

function resignedOpen(): string {
  const set = attributes.reduce<Tree>((piece, index) => partsOf(piece)[index] ?? piece, tree)
  const bytes = Uint8Array.from(open(set))
  const asSet = Uint8Array.from(bytes)
  asSet[0] = 0x31
  const withOpen = changed(tree, attributes, () => bytes)
  return base64(
    bytesOf(
      changed(withOpen, signature, () => der.octetString(sign('sha256', asSet, device1.key))),
    ),
  )
}

const text = base64(good)

/** Base64 whose last character carries bits beyond the last byte: one signature in two texts. */
function leftover(): string {
  const longer = [1, 2, 3].map((size) =>
    signed(device1, {
      attributes: [{ oid: '1.2.3.4', value: der.octetString(Buffer.alloc(size)) }],
    }),
  )
  const padded = longer.find((header) => header.endsWith('==')) ?? ''
  const next = new Map([
    ['A', 'B'],
    ['Q', 'R'],
    ['g', 'h'],
    ['w', 'x'],
  ])
  return `${padded.slice(0, -3)}${next.get(padded.at(-3) ?? '') ?? ''}==`
}

const headers: readonly Hostile[] = [
  ['an empty header', ''],
  ['spaces', '    '],
  ['base64url', text.replaceAll('+', '-').replaceAll('/', '_').replace(/.$/, '_')],
  ['a newline inside', `${text.slice(0, 64)}\n${text.slice(64)}`],
  ['a space inside', `${text.slice(0, 64)} ${text.slice(64)}`],
  ['a space before', ` ${text}`],
  ['a missing character', text.slice(0, -1)],
  ['a last character with bits that say nothing', leftover()],
  ['a padding too many', `${text}====`],
  ['padding in the middle', `${text.slice(0, 63)}=${text.slice(64)}`],
  ['two signatures', `${text}, ${text}`],
  ['twice encoded', Buffer.from(text).toString('base64')],
  ['hexadecimal', Buffer.from(good).toString('hex')],
  ['PEM', `-----BEGIN CMS-----${text}-----END CMS-----`],
  ['a byte that is no text', `${text.slice(0, -1)}\u00ff`],
  ['64 kB', 'A'.repeat(65_536)],
  ['a quoted signature', `"${text}"`],
  ['RFC 9440 colons', `:${text}:`],
].map(([what = '', header = '']) => ({
  what: `a header that is ${what}`,
  header,
  fault: 'not-a-signature',
}))

export const hostile: readonly Hostile[] = [
  ...otherBodies,
  ...attached,
  ...badAttributes,
  ...lyingAttributes,
  ...signers,
  ...certificateCases,
  ...hostileCertificates,
  ...algorithms,
  ...signatures,
  ...encodings,
  ...hostileShapes,
  ...berInside,
  ...headers,
]
