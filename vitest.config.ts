import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['./test/support/seed.ts'],
    globalSetup: './test/support/command-setup.ts',
    testTimeout: 60_000,
    hookTimeout: 30_000,
    // Two cores: more workers only make real servers time out.
    maxWorkers: 2,
    reporters: ['default', './scripts/closing-line.js'],
  },
})
