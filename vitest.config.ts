import { randomInt } from "node:crypto"
import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

// All files take their random choices from one seed: see test/support/random.ts.
process.env.TAKO_TEST_SEED ??= String(randomInt(2 ** 31))

const library = new URL("src/main/library/", import.meta.url).pathname

export default defineConfig({
  // Examples import what the package exports; package.test.ts runs them against the package itself.
  resolve: {
    alias: [
      { find: /^tako$/, replacement: `${library}index.ts` },
      { find: /^tako\/testing$/, replacement: `${library}testing.ts` }
    ]
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/print-seed.ts", "test/support/yield.ts"],
    // Most tests wait for processes that they have started: two files at once take half the time on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    minWorkers: 1,
    // Only what hangs should meet these. Go's race detector, with the empty cache of a new container, takes 26 s of one of
    // two busy processors.
    testTimeout: 180_000,
    hookTimeout: 180_000
  }
})
