// Roots that are not one plist with one dictionary in it.
import { apple, type Body, bodies, declaration, idle, plist } from './case.ts'

const dict = `<dict>${idle}</dict>`
const rooted = (open: string, close: string): string => `${declaration}${open}${dict}${close}`

export const roots: readonly Body[] = bodies('root', [
  [rooted('', ''), 'bad-root', 'none'],
  [rooted('<html>', '</html>'), 'bad-root', 'HTML'],
  [rooted('<dict>', '</dict>'), 'bad-root', 'a dictionary'],
  [rooted('<Plist>', '</Plist>'), 'bad-root', 'a capital'],
  [rooted('<PLIST>', '</PLIST>'), 'bad-root', 'capitals'],
  [rooted('<plists>', '</plists>'), 'bad-root', 'a longer name'],
  [rooted('<plis>', '</plis>'), 'bad-root', 'a shorter name'],
  [rooted('<p:plist>', '</p:plist>'), 'bad-root', 'a prefix'],
  [rooted('<plist xmlns="urn:x">', '</plist>'), 'bad-root', 'a namespace'],
  [rooted('<plist version="1.1">', '</plist>'), 'ok', 'another version'],
  [rooted('<plist version="1">', '</plist>'), 'ok', 'half a version'],
  [rooted('<plist version="">', '</plist>'), 'ok', 'an empty version'],
  [rooted('<plist version="1.0&amp;">', '</plist>'), 'bad-root', 'a version with an entity'],
  [rooted(`<plist version="${'1'.repeat(17)}">`, '</plist>'), 'bad-root', 'a long version'],
  [rooted('<plist version=1.0>', '</plist>'), 'bad-root', 'a version without quotes'],
  [rooted('<plist version="1.0" version="1.0">', '</plist>'), 'bad-root', 'two versions'],
  [rooted('<plist version="1.0" id="x">', '</plist>'), 'bad-root', 'one more attribute'],
  [rooted('<plist version>', '</plist>'), 'bad-root', 'an attribute without a value'],
  [rooted('<plist\u00a0version="1.0">', '</plist>'), 'bad-root', 'a no-break space'],
  [rooted('<plist/>', ''), 'bad-root', 'closed at once'],
  [rooted('<plist version="1.0"/>', '</plist>'), 'bad-root', 'closed, then closed again'],
  [rooted('</plist>', '<plist>'), 'bad-root', 'the wrong way round'],
  [rooted('<plist><plist>', '</plist></plist>'), 'unknown-tag', 'twice, nested'],
  [plist(''), 'bad-markup', 'nothing inside'],
  [plist('<!-- nothing -->'), 'bad-markup', 'a comment inside'],
  [plist('text'), 'bad-markup', 'text inside'],
  [plist(dict + dict), 'bad-root', 'two values inside'],
  [plist('<array/>'), 'not-a-dict', 'an array'],
  [plist('<true/>'), 'not-a-dict', 'a boolean'],
  [plist('<data/>'), 'not-a-dict', 'data'],
  [plist('<date>2026-01-01T00:00:00Z</date>'), 'not-a-dict', 'a date'],
  [plist('<key>Status</key>'), 'unknown-tag', 'a key'],
  [`${apple}<plist>${dict}</plist>`, 'ok', 'no declaration'],
  [`<plist>${dict}</plist>`, 'ok', 'no document type and no version'],
  [`<plist version='1.0'>${dict}</plist>`, 'ok', 'single quotes'],
  [`<plist\n\tversion = "1.0"\r\n>${dict}</plist\n>`, 'ok', 'blanks wherever XML has them'],
])
