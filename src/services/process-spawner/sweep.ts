import * as Effect from "effect/Effect"
import { quietly } from "../files/attempt.ts"
import { allProcesses, hasVariable } from "./processes.ts"

/** How long those that were killed may take to be gone, in ms; one that sleeps in the kernel may not end at all. */
const patience = 2000
const pause = 10

/** Kills what has the variable, again and again: it may start others meanwhile. */
export const sweep = (variable: string): Effect.Effect<number> =>
  Effect.gen(function* () {
    const killed = new Set<number>()
    for (let waited = 0; waited < patience; waited += pause) {
      const found = [...allProcesses().keys()].filter(
        (pid) => pid !== process.pid && hasVariable(pid, variable)
      )
      for (const pid of found) {
        killed.add(pid)
        quietly(() => process.kill(pid, "SIGKILL"))
      }
      if (found.length === 0) break
      yield* Effect.sleep(pause)
    }
    return killed.size
  })
