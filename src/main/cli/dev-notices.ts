import { printableLines } from "../../domain/printable.ts"
import type { ProcessExit } from "../../domain/process.ts"
import type { Notice } from "../../programs/dev/dev.ts"
import type { Changes } from "../../programs/dev/plan.ts"
import type { Ink } from "../command-line/ink.ts"
import { counted } from "./output.ts"

/** A notice as lines for stderr; their first word tells them from the program's own output. */
export const noticeLines = (notice: Notice, ink: Ink): ReadonlyArray<string> => {
  const quiet = (text: string) => ink.dim(`tako: ${text}`)
  const problem = (error: Error, then: string) => [
    `${ink.yellow("tako:")} ${printableLines(error.message)}`,
    quiet(then)
  ]
  switch (notice._tag) {
    case "EnvironmentCreated":
      return [
        quiet(
          `created environment ${notice.environment}, which has no secrets yet: tako secrets set NAME --env ${notice.environment}`
        )
      ]
    case "TypesRefreshed":
      return [quiet(`refreshed ${notice.paths.join(" and ")}`)]
    case "Address":
      return notice.taken === undefined
        ? [quiet(`your app is at ${notice.url}`)]
        : [quiet(`your app is at ${notice.url} (port ${notice.taken} is taken)`)]
    case "NoAddress":
      return problem(notice.error, `your app stays at ${notice.url} until its next start`)
    case "InvalidPortReport":
      return [
        quiet("your app did not report a port on fd 4 (a number and a newline), so it gets no address here")
      ]
    case "Restarting":
      return [quiet(`${whatChanged(notice.changes)}, restarting`)]
    case "Killed":
      return [quiet(`your app did not exit within ${notice.seconds} s of SIGTERM and was killed`)]
    case "ChangeRejected":
      return problem(notice.error, whatNow(notice.isRunning))
    case "Recovered":
      return [
        quiet(
          `that is fixed, and nothing else has changed${notice.isRunning ? "" : "; waiting for a change"}`
        )
      ]
    case "Failed":
      return [
        quiet(
          `${howItEnded(notice.exit)}; waiting for a change to its secrets or to tako.toml (Ctrl-C to quit)`
        )
      ]
    case "NotStarted":
      return problem(notice.error, "waiting for a change to its secrets or to tako.toml (Ctrl-C to quit)")
  }
}

const whatNow = (isRunning: boolean): string =>
  isRunning ? "your app keeps running unchanged" : "still waiting for a change (Ctrl-C to quit)"

const howItEnded = (exit: ProcessExit): string =>
  exit._tag === "Exited" ? `your app exited with ${exit.code}` : `your app was killed by ${exit.signal}`

const whatChanged = (changes: Changes): string => {
  const all = [
    some(changes.addedSecrets, "secret", "is new", "are new"),
    some(changes.changedSecrets, "secret", "has changed", "have changed"),
    some(changes.removedSecrets, "secret", "is gone", "are gone"),
    some(changes.variables, "variable", "has changed", "have changed"),
    changes.command ? "its command has changed" : undefined,
    changes.address ? "its address has changed" : undefined
  ]
  return all.filter((text) => text !== undefined).join(", ")
}

/** Names up to three, else their number. */
const some = (names: ReadonlyArray<string>, noun: string, one: string, many: string): string | undefined => {
  if (names.length === 0) return undefined
  const shown = names.length > 3 ? counted(names.length, noun) : names.join(" and ")
  return `${shown} ${names.length === 1 ? one : many}`
}
