// How the corpus of property lists is written down: classes of bodies, each with what must become of it.

/** What the reader named by `as` says: a fault's kind, or `ok`. */
export type Outcome = string

export type Body = {
  readonly name: string
  readonly bytes: Uint8Array
  readonly as: 'report' | 'checkin' | 'command'
  readonly outcome: Outcome
}

/** The Mac of ../../fixtures/mdm, which is enrolled while the corpus is sent. */
export const udid = '5D0C9B1E-7A42-4E4B-9F57-0B1C2D3E4F50'

export const apple =
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">'
export const declaration = '<?xml version="1.0" encoding="UTF-8"?>'

/** The entries of a report that says nothing but that the Mac is there. */
export const idle = `<key>Status</key><string>Idle</string><key>UDID</key><string>${udid}</string>`

export const plist = (value: string): string =>
  `${declaration}\n${apple}\n<plist version="1.0">${value}</plist>\n`

/** A report with further entries. */
export const report = (entries: string): string => plist(`<dict>${idle}${entries}</dict>`)

/** A report with one more value. */
export const extra = (value: string): string => report(`<key>Extra</key>${value}`)

/** Large bodies are made when they are sent: together they would be half a gigabyte. */
type Made = string | Uint8Array | (() => string)

type Row = readonly [body: Made, outcome: Outcome, note: string]

/** A class as a table. */
export const bodies = (name: string, rows: readonly Row[]): readonly Body[] =>
  rows.map(([body, outcome, note], nth) => ({
    name: `${name} ${nth + 1}: ${note}`,
    get bytes() {
      const made = typeof body === 'function' ? body() : body
      return typeof made === 'string' ? Buffer.from(made) : made
    },
    as: 'report',
    outcome,
  }))

type ValueRow = readonly [value: string | (() => string), outcome: Outcome, note: string]

/** A class whose bodies differ in one value only. */
export const values = (name: string, rows: readonly ValueRow[]): readonly Body[] =>
  bodies(
    name,
    rows.map(([value, outcome, note]) =>
      typeof value === 'function'
        ? [() => extra(value()), outcome, note]
        : [extra(value), outcome, note || value],
    ),
  )
