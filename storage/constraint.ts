/** Whether a rule of the tables refused a write. 3091 is SQLITE_CONSTRAINT_DATATYPE, for which libsql has no name. */
export function isConstraint(error: unknown): boolean {
  const { code, rawCode } = error as { readonly code?: unknown; readonly rawCode?: unknown }
  return (
    String(code).startsWith('SQLITE_CONSTRAINT') || rawCode === 3091 || error instanceof TypeError
  )
}
