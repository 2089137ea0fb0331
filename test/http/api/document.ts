import type { HttpWorld } from '../world.ts'

/** One operation as the server's own document describes it. */
export type Operation = {
  readonly method: string
  /** With `{…}` filled in. */
  readonly path: string
  readonly template: string
  readonly role: string
  readonly queries: readonly string[]
  readonly hasBody: boolean
}

type Document = {
  readonly openapi: string
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly security: readonly { readonly token: readonly string[] }[]
            readonly parameters?: readonly { readonly in: string; readonly name: string }[]
            readonly requestBody?: unknown
          }
        >
      >
    >
  >
}

/** Every operation of the API, from its document: a route that is added is tested too. */
export async function operationsOf(
  world: HttpWorld,
  fill: Readonly<Record<string, string>> = {},
): Promise<readonly Operation[]> {
  const answered = await world.api('/openapi.json')
  const { paths } = answered.json() as unknown as Document
  return Object.entries(paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      path: template.replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) => fill[`${template} ${name}`] ?? fill[name] ?? 'x',
      ),
      role: operation.security[0]?.token[0] ?? 'nobody',
      queries: (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'query')
        .map(({ name }) => name),
      hasBody: operation.requestBody !== undefined,
    })),
  )
}
