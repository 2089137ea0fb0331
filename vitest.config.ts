import { defineConfig } from 'vitest/config'
import { MissingReporter } from './test/programs/missing-reporter.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // One fewer than there are cores would leave half of a small machine idle.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', new MissingReporter()],
  },
})
