// Something behind the list, or a second one.
import { type Body, bodies, idle, plist } from './case.ts'

const one = plist(`<dict>${idle}</dict>`).trimEnd()
const nul = Buffer.from([0])
const behind = (bytes: string | Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(one), typeof bytes === 'string' ? Buffer.from(bytes) : bytes])

export const trailing: readonly Body[] = bodies('trailing', [
  [one + one, 'trailing-content', 'a second document'],
  [one + one.slice(one.indexOf('<plist')), 'trailing-content', 'a second root'],
  [behind('<plist/>'), 'trailing-content', 'an empty root'],
  [behind('<dict/>'), 'trailing-content', 'a value'],
  [behind('</plist>'), 'trailing-content', 'the end again'],
  [behind('</dict>'), 'trailing-content', 'the end of something else'],
  [behind('x'), 'trailing-content', 'a letter'],
  [behind('0'), 'trailing-content', 'a digit'],
  [behind('&amp;'), 'trailing-content', 'an entity'],
  [behind('<'), 'trailing-content', 'half a tag'],
  [behind('<!--'), 'bad-markup', 'half a comment'],
  [behind('<!-- a -- b -->'), 'bad-markup', 'a comment with dashes in it'],
  [behind('<!-- a --->'), 'bad-markup', 'a comment with three dashes'],
  [behind('<![CDATA[x]]>'), 'trailing-content', 'CDATA'],
  [behind('<?php ?>'), 'trailing-content', 'a processing instruction'],
  [behind('<?xml version="1.0"?>'), 'trailing-content', 'a declaration'],
  [behind('<!DOCTYPE plist>'), 'trailing-content', 'a document type'],
  [behind('\u00a0'), 'trailing-content', 'a no-break space'],
  [behind('\u2028'), 'trailing-content', 'a line separator'],
  [behind('\ufeff'), 'trailing-content', 'a byte order mark'],
  [behind(nul), 'illegal-character', 'a NUL'],
  [behind(Buffer.alloc(4096)), 'illegal-character', 'a page of NULs'],
  [behind('\u001a'), 'illegal-character', 'the end of a DOS file'],
  [behind(Buffer.from([0xff])), 'bad-encoding', 'a byte that is no UTF-8'],
  [behind('bplist00'), 'trailing-content', 'a binary header'],
  [behind('\n\n\r\n\t  '), 'ok', 'blanks'],
  [behind('<!-- by hand -->\n'), 'ok', 'a comment'],
  [behind('<!----><!---->'), 'ok', 'two empty comments'],
])
