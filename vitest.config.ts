import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Most of them wait for processes that they have started: two at once take half the time on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    minWorkers: 1,
    // What a slow machine takes long for is not to be taken for what hangs: a program with Go's race detector, whose cache
    // is empty in a new container, costs 26 s of a processor of two at work.
    testTimeout: 180_000,
    hookTimeout: 180_000
  }
})
