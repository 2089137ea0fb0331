// The third schema: what this release adds to the tables of the second.
import type { Migration } from '../migrations.ts'

export const schema3: Migration = { version: 3, statements: [] }
