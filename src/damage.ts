// What a read of the store throws where the database is not as it was written.

/** Whether it is that, and no bug: `damaged` names the row. */
export const isDamage = (error: unknown): error is Error & { readonly damaged: string } =>
  error instanceof Error && 'damaged' in error
