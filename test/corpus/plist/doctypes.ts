// Document types and declarations: nothing can be declared, so nothing can grow and nothing is fetched.
import { apple, type Body, bodies, declaration, idle } from './case.ts'

const dict = `<plist version="1.0"><dict>${idle}</dict></plist>`
const use = (name: string): string =>
  `<plist version="1.0"><dict>${idle}<key>Extra</key><string>&${name};</string></dict></plist>`
const laughs = Array.from(
  { length: 10 },
  (_, nth) => `<!ENTITY l${nth + 1} "${`&l${nth};`.repeat(10)}">`,
).join('')
const typed = (type: string, rest = dict): string => `${declaration}\n${type}\n${rest}`
const refused = 'bad-prologue'
const system = 'http://www.apple.com/DTDs/PropertyList-1.0.dtd'

export const doctypes: readonly Body[] = bodies('document type', [
  [typed(`<!DOCTYPE plist [<!ENTITY l0 "ha">${laughs}]>`, use('l10')), refused, 'a billion laughs'],
  [
    typed(
      `<!DOCTYPE plist [<!ENTITY a "${'x'.repeat(50_000)}">]>`,
      use('a').replace('&a;', '&a;'.repeat(10_000)),
    ),
    refused,
    'quadratic growth',
  ],
  [
    typed('<!DOCTYPE plist [<!ENTITY x SYSTEM "file:///etc/passwd">]>', use('x')),
    refused,
    'a file',
  ],
  [
    typed('<!DOCTYPE plist [<!ENTITY x SYSTEM "http://127.0.0.1/">]>', use('x')),
    refused,
    'an address',
  ],
  [
    typed('<!DOCTYPE plist [<!ENTITY % p SYSTEM "http://127.0.0.1/"> %p;]>'),
    refused,
    'a parameter entity',
  ],
  [typed('<!DOCTYPE plist [<!ENTITY x "&x;">]>', use('x')), refused, 'an entity of itself'],
  [typed('<!DOCTYPE plist [<!ELEMENT plist ANY>]>'), refused, 'an element'],
  [typed('<!DOCTYPE plist [<!ATTLIST dict id ID #IMPLIED>]>'), refused, 'an attribute list'],
  [typed('<!DOCTYPE plist [<!NOTATION n SYSTEM "n">]>'), refused, 'a notation'],
  [typed('<!DOCTYPE plist []>'), refused, 'an empty subset'],
  [typed(apple.replace('>', ' []>')), refused, "an empty subset in Apple's"],
  [typed(apple.replace('>', ' [<!ENTITY amp "x">]>')), refused, 'amp declared anew'],
  [typed('<!DOCTYPE plist>'), refused, 'no identifier'],
  [typed(`<!DOCTYPE plist SYSTEM "${system}">`), refused, 'no public identifier'],
  [
    typed('<!DOCTYPE plist SYSTEM "file:///System/Library/DTDs/PropertyList.dtd">'),
    refused,
    'a file of the system',
  ],
  [typed(`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "${system}">`), refused, 'HTML'],
  [typed(apple.replace('plist PUBLIC', 'dict PUBLIC')), refused, 'of another root'],
  [typed(apple.replace('www.apple.com', 'www.example.com')), refused, 'of another place'],
  [typed(apple.replace('http:', 'ftp:')), refused, 'over another protocol'],
  [typed(apple.replace('DOCTYPE', 'doctype')), 'bad-markup', 'in small letters'],
  [typed(apple.slice(0, -1)), refused, 'without an end'],
  [typed(apple + apple), 'bad-markup', 'twice'],
  [`${apple}${declaration}${dict}`, 'bad-root', 'before the declaration'],
  [`${declaration}${declaration}${dict}`, 'bad-root', 'two declarations'],
  [`\n${declaration}${dict}`, 'bad-root', 'a line before the declaration'],
  [`<?xml version="1.1"?>${dict}`, refused, 'XML 1.1'],
  [`<?xml version="1.0" encoding="UTF-16"?>${dict}`, refused, 'another encoding'],
  [`<?xml version="1.0" encoding="ISO-8859-1"?>${dict}`, refused, 'Latin 1'],
  [`<?xml version="1.0" encoding="utf-7"?>${dict}`, refused, 'UTF-7'],
  [`<?xml Version="1.0"?>${dict}`, refused, 'a capital in the declaration'],
  [`<?xml version="1.0" ENCODING="UTF-8"?>${dict}`, refused, 'capitals in the declaration'],
  [`<?xml encoding="UTF-8"?>${dict}`, refused, 'no version'],
  [`<?xml version="1.0" standalone="maybe"?>${dict}`, refused, 'standalone perhaps'],
  [`<?xml version="1.0" encoding="UTF-8" x="y"?>${dict}`, refused, 'one more attribute'],
  [typed(apple.replace('http:', 'https:')), 'ok', 'over https'],
  [`<?xml version='1.0' encoding='utf-8' standalone='yes'?>${dict}`, 'ok', 'single quotes'],
])
