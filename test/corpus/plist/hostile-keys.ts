// Keys that mean something to a JavaScript object, and keys made to be taken for others.
import { type Body, bodies, report } from './case.ts'

// prettier-ignore
const inherited = [
  '__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf',
  'propertyIsEnumerable', 'toLocaleString', '__defineGetter__', '__lookupSetter__', 'toJSON', 'then',
  'length', 'size', 'Symbol.iterator', 'undefined', 'null', 'NaN', '-0', '4294967295', '1e3',
] as const

const keyed = (key: string, value = '<string>x</string>'): string =>
  report(`<key>${key}</key>${value}`)

const polluting = '<dict><key>Status</key><string>Error</string><key>polluted</key><true/></dict>'

export const hostileKeys: readonly Body[] = bodies('hostile key', [
  ...inherited.map((key) => [keyed(key), 'ok', key] as const),
  [keyed('__proto__', polluting), 'ok', '__proto__ with a dictionary'],
  [
    keyed('constructor', `<dict><key>prototype</key>${polluting}</dict>`),
    'ok',
    'constructor.prototype',
  ],
  [keyed('ErrorChain', '<string>x</string>'), 'ok', 'an error chain that is none'],
  [keyed('ErrorChain', '<array><string>x</string></array>'), 'ok', 'a chain of strings'],
  [keyed(''), 'ok', 'an empty key'],
  [keyed(' UDID'), 'ok', 'a blank before a known key'],
  [keyed('UDID\u200b'), 'ok', 'a known key with a space of no width'],
  [keyed('udid'), 'ok', 'a known key in small letters'],
  [keyed('\u202eDIDU'), 'ok', 'a key written from the right'],
  [keyed('a&#0;'), 'bad-entity', 'a key with a NUL'],
  [keyed('a&#xD800;'), 'bad-entity', 'a key with half a pair'],
  [keyed('a&#xFFFF;'), 'bad-entity', 'a key with what is no character'],
  [keyed('a]]>'), 'bad-markup', 'a key with the end of CDATA'],
])
