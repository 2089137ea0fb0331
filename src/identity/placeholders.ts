/**
 * Whether a trimmed identifier is what firmware says when nobody filled it in. Such a value names a
 * product line or an image, and taking it for a name makes one host of all of them.
 */
export function isPlaceholder(value: string): boolean {
  return value === '' || repeated.test(value) || words.has(value.toLowerCase())
}

/** One character over and over, dashes aside: `0`, `0000000`, `FFFFFFFF-FFFF-…`, `XXXXXXXX`. */
const repeated = /^-*([^-])(?:\1|-)*$/

const words: ReadonlySet<string> = new Set([
  '-1',
  'none',
  'null',
  'unknown',
  'n/a',
  'not applicable',
  'not available',
  'not specified',
  'default',
  'default string',
  'to be filled by o.e.m.',
  'to be filled by o.e.m',
  'o.e.m.',
  'oem',
  'system serial number',
  'chassis serial number',
  'base board serial number',
  'serial number',
  '123456789',
  '0123456789',
  // The UUIDs osquery refuses (osquery/core/system.cpp, and its issue 8887 for the last), and one more
  // that boards ship with. All zeros is caught above.
  '03000200-0400-0500-0006-000700080009',
  '03020100-0504-0706-0809-0a0b0c0d0e0f',
  '10000000-0000-8000-0040-000000000000',
  '02000100-0300-0400-0005-000600070008',
  'fefefefe-fefe-fefe-fefe-fefefefefefe',
])
