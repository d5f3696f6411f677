import * as Effect from "effect/Effect"
import { quietly } from "../files/errno.ts"
import { run } from "../helper-program/helper-program.ts"
import type { Leftovers, Swept } from "./process-spawner.ts"
import { allProcesses, filterGradually, hasVariable, killTimeout, poll, runsAs } from "./process-table.ts"

type User = Leftovers["users"][number]

/**
 * Kills leftovers until none is left, because they may fork meanwhile. Those of a user are first killed all at once by the kernel,
 * which no fork outruns.
 */
export const sweep = ({ variables, users }: Leftovers): Effect.Effect<Swept> =>
  Effect.gen(function* () {
    const killable = users.filter(({ uid }) => uid > 0 && uid !== process.geteuid?.())
    const ids = new Set(killable.map(({ uid }) => uid))
    const killed = new Set<number>()
    let remaining = 0
    const isLeftover = (pid: number) =>
      pid !== process.pid && ((ids.size > 0 && runsAs(pid, ids)) || hasVariable(pid, variables))
    const kill = Effect.gen(function* () {
      const found = yield* filterGradually((yield* allProcesses).keys(), isLeftover)
      remaining = found.length
      if (found.length === 0) return true
      const owners = killable.filter(({ uid }) => found.some((pid) => runsAs(pid, new Set([uid]))))
      yield* Effect.forEach(owners, killAllOf, { discard: true })
      for (const pid of found) {
        killed.add(pid)
        // Asked once more, because the pid may be another process's by now.
        if (isLeftover(pid)) quietly(() => process.kill(pid, "SIGKILL"))
      }
      return false
    })
    yield* Effect.timeoutOption(poll(kill), killTimeout)
    return { killed: killed.size, remaining }
  })

/**
 * Has a helper that runs as the user send SIGKILL to every process it may signal (kill(2), pid -1). One of those may kill the helper
 * first; the next look tries again.
 */
const killAllOf = (user: User): Effect.Effect<void> =>
  Effect.ignore(
    run({
      program: "/bin/sh",
      args: ["-c", "kill -KILL -1"],
      environment: {},
      timeLimit: 1000,
      directory: "/",
      user,
      ownSession: true
    })
  )
