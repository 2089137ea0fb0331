// One key twice, however it is spelled: two readers would keep another value each.
import { type Body, bodies, report, udid } from './case.ts'

const twice = (one: string, other: string): string =>
  report(`<key>Extra</key><dict><key>${one}</key><true/><key>${other}</key><false/></dict>`)
const same = 'duplicate-key'

export const duplicateKeys: readonly Body[] = bodies('duplicate key', [
  [twice('a', 'a'), same, 'exactly'],
  [twice('a', '&#97;'), same, 'as a decimal reference'],
  [twice('a', '&#x61;'), same, 'as a hexadecimal reference'],
  [twice('a', '&#x0061;'), same, 'with zeros in front'],
  [twice('a', '&#0000097;'), same, 'with more zeros in front'],
  [twice('a', '<![CDATA[a]]>'), same, 'as CDATA'],
  [twice('ab', 'a<![CDATA[b]]>'), same, 'half of it CDATA'],
  [twice('ab', '<![CDATA[a]]><![CDATA[b]]>'), same, 'as two pieces of CDATA'],
  [twice('a', '<![CDATA[]]>a'), same, 'behind empty CDATA'],
  [twice('a&amp;b', 'a&#38;b'), same, 'an ampersand by two names'],
  [twice('a&lt;b', '<![CDATA[a<b]]>'), same, 'a bracket by two names'],
  [twice('a&quot;b', 'a"b'), same, 'a quote by two names'],
  [twice("a'b", 'a&apos;b'), same, 'an apostrophe by two names'],
  [twice('a\nb', 'a\r\nb'), same, 'two line ends that are one'],
  [twice('a\nb', 'a\rb'), same, 'a carriage return that is a line end'],
  [twice('😀', '&#x1F600;'), same, 'beyond the first plane'],
  [twice('é', '&#233;'), same, 'an accent'],
  [twice('', ''), same, 'empty'],
  [twice(' ', '&#32;'), same, 'a blank'],
  [twice('__proto__', '__proto__'), same, '__proto__'],
  [twice('__proto__', '&#95;_proto__'), same, '__proto__ by two names'],
  [twice('constructor', 'constructor'), same, 'constructor'],
  [twice('0', '0'), same, 'a number'],
  [report(`<key>UDID</key><string>${udid}</string>`), same, 'the identity, with the same value'],
  [report('<key>UDID</key><string>OTHER</string>'), same, 'the identity, with another value'],
  [report('<key>Status</key><string>Error</string>'), same, 'the status'],
  [twice('a', '<!-- -->a'), 'bad-markup', 'split by a comment'],
  [twice('a', 'a<!-- -->'), 'bad-markup', 'before a comment'],
  [twice('a', 'A'), 'ok', 'a capital is another key'],
  [twice('a', ' a'), 'ok', 'a blank in front makes another key'],
  [twice('é', 'e\u0301'), 'ok', 'an accent written apart is another key'],
  [twice('a', 'а'), 'ok', 'a Cyrillic letter is another key'],
])
