// Pieces that many routes share: times, limits, lists of values.
import { z } from '@hono/zod-openapi'
import type { Choice } from '../../../storage/queries.ts'

export const time = z.iso
  .datetime({ precision: 3 })
  .openapi({ example: '2026-01-31T12:00:00.000Z' })

export const iso = (ms: number): string => new Date(ms).toISOString()
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

/** As the store's own bound on a page. */
const limitMax = 1_000

export const pageQuery = {
  limit: z.coerce
    .number('must be a number')
    .int()
    .min(1)
    .max(limitMax)
    .default(100)
    .openapi({
      type: 'integer',
      description: `Items on a page, up to ${limitMax}.`,
    }),
  cursor: z.string().optional().openapi({ description: 'The `next` of the page before.' }),
}

/** A list as every list is given. */
export const pageOf = <Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{
  items: z.ZodArray<Item>
  total: z.ZodNullable<z.ZodInt>
  next: z.ZodNullable<z.ZodString>
  damaged: z.ZodOptional<z.ZodArray<z.ZodString>>
}> =>
  z.object({
    items: z.array(item),
    total: z.int().nullable().openapi({ description: 'All that match, not only this page.' }),
    next: z.string().nullable().openapi({ description: 'Cursor of the next page.' }),
    damaged: z.array(z.string()).optional().openapi({
      description:
        'Rows of this page that the database has no longer as they were written, by table and key. They are not among the items.',
    }),
  })

export const yesOrNo = (description: string): z.ZodType<boolean, string | undefined> =>
  z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .openapi({ type: 'boolean', description })

/** Values one parameter may list: more is no filter any more. */
const valuesMax = 64

/** How a value that is null is asked for; the store's word for it is the empty string. */
const noneWord = 'none'

/** `a,b,!c` as values to keep and values to leave out. Undefined `words` takes any word. */
export const choiceOf = (
  words: readonly string[] | undefined,
  description: string,
): z.ZodType<Choice | undefined, string | undefined> =>
  z
    .string()
    .transform((text, context): Choice => {
      const values = text.split(',').map((value) => value.trim())
      const bare = values.map((value) => value.replace(/^!/, ''))
      complain(context, bare, words)
      const chosen = (isLeftOut: boolean): readonly string[] =>
        bare
          .filter((_, index) => (values[index]?.startsWith('!') ?? false) === isLeftOut)
          .map((value) => (value === noneWord ? '' : value))
      return { include: chosen(false), exclude: chosen(true) }
    })
    .optional()
    .openapi({
      type: 'string',
      description: `${description} Several by comma, a leading ! leaves out${listed(words)}.`,
    })

/** Words by comma, all of them to keep. */
export const wordsOf = <Word extends string>(
  words: readonly Word[] | undefined,
  description: string,
): z.ZodType<readonly Word[] | undefined, string | undefined> =>
  z
    .string()
    .transform((text, context): readonly Word[] => {
      const values = text.split(',').map((value) => value.trim())
      complain(context, values, words)
      // What is none of the words has been complained of, and then the value goes nowhere.
      return values as readonly string[] as readonly Word[]
    })
    .optional()
    .openapi({ type: 'string', description: `${description} Several by comma${listed(words)}.` })

const listed = (words: readonly string[] | undefined): string =>
  words === undefined ? '' : `: ${words.join(', ')}`

function complain(
  context: z.RefinementCtx,
  values: readonly string[],
  words: readonly string[] | undefined,
): void {
  const wrong = values.find((value) => (words ? !words.includes(value) : value === ''))
  if (wrong !== undefined)
    context.addIssue({
      code: 'custom',
      message: `no such value ${JSON.stringify(wrong.slice(0, 64))}${words ? `; there are ${words.join(', ')}` : ''}`,
    })
  if (values.length > valuesMax)
    context.addIssue({ code: 'custom', message: `more than ${valuesMax} values` })
}
