// Lists in lists: 32 levels are taken, the root being one of them.
import { type Body, values } from './case.ts'

const nested = (levels: number, [open, close]: readonly [string, string], inner: string): string =>
  open.repeat(levels) + inner + close.repeat(levels)
const arrays = (levels: number, inner = ''): string =>
  nested(levels, ['<array>', '</array>'], inner)
const dicts = (levels: number, inner = '<true/>'): string =>
  nested(levels, ['<dict><key>k</key>', '</dict>'], inner)

const depths = [1, 2, 5, 10, 20, 30, 31, 32, 33, 40, 64, 100, 127, 1_000, 10_000, 100_000]

export const depth: readonly Body[] = values('depth', [
  ...depths.map(
    (levels) => [arrays(levels), levels <= 31 ? 'ok' : 'too-deep', `${levels} arrays`] as const,
  ),
  ...depths.map(
    (levels) =>
      [dicts(levels), levels <= 31 ? 'ok' : 'too-deep', `${levels} dictionaries`] as const,
  ),
  [arrays(31, '<string>x</string>'), 'ok', 'a string at the bottom'],
  [arrays(31, '<array/>'), 'too-deep', 'an empty array at the bottom'],
  [arrays(31, '<dict/>'), 'too-deep', 'an empty dictionary at the bottom'],
  ['<array>'.repeat(100_000), 'too-deep', 'never closed'],
  ['<dict><key>k</key>'.repeat(50_000), 'too-deep', 'never closed, dictionaries'],
  ['<string>'.repeat(100_000), 'bad-markup', 'strings in strings'],
  ['</array>'.repeat(100_000), 'bad-markup', 'only closed'],
  [nested(40, ['<array><dict><key>k</key>', '</dict></array>'], '<true/>'), 'too-deep', 'by turns'],
])
