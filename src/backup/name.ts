// What backups are called in a folder of several.

/** `muster-2026-12-01T14-00-00Z.tar`: names sort by age. */
export const backupName = (at: number): string =>
  `muster-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '-')}Z.tar`

export const namePattern = /^muster-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.tar$/
