// The sixteen classes of hostile property lists. Most also hold what looks alike and must be taken.
import { base64 } from './base64.ts'
import type { Body } from './case.ts'
import { dates } from './dates.ts'
import { depth } from './depth.ts'
import { doctypes } from './doctypes.ts'
import { duplicateKeys } from './duplicate-keys.ts'
import { encodings } from './encodings.ts'
import { grammars } from './grammars.ts'
import { hostileKeys } from './hostile-keys.ts'
import { integers, reals } from './numbers.ts'
import { roots } from './roots.ts'
import { size } from './size.ts'
import { tags } from './tags.ts'
import { trailing } from './trailing.ts'
import { truncated } from './truncated.ts'
import { wrongTypes } from './wrong-types.ts'

export const classes: Readonly<Record<string, readonly Body[]>> = {
  truncated,
  roots,
  trailing,
  doctypes,
  tags,
  depth,
  size,
  duplicateKeys,
  hostileKeys,
  integers,
  reals,
  dates,
  base64,
  encodings,
  wrongTypes,
  grammars,
}
