import { printableLines } from "../../domain/printable.ts"
import type { ProcessExit } from "../../domain/process.ts"
import type { Notice } from "../../programs/dev/dev.ts"
import type { Changes } from "../../programs/dev/plan.ts"
import type { Ink } from "../command-line/ink.ts"
import { counted } from "./output.ts"

/** What stderr says of it, a line each, told from the program's own lines by their first word. */
export const words = (notice: Notice, ink: Ink): ReadonlyArray<string> => {
  const quiet = (text: string) => ink.dim(`tako: ${text}`)
  const problem = (error: Error, then: string) => [
    `${ink.yellow("tako:")} ${printableLines(error.message)}`,
    quiet(then)
  ]
  switch (notice._tag) {
    case "EnvironmentCreated":
      return [
        quiet(
          `created environment ${notice.environment}, without secrets: tako secrets set NAME --env ${notice.environment}`
        )
      ]
    case "TypesRefreshed":
      return [quiet(`refreshed ${notice.paths.join(" and ")}`)]
    case "Address":
      return notice.taken === undefined
        ? [quiet(`your app is at ${notice.url}`)]
        : [quiet(`your app is at ${notice.url} (port ${notice.taken} is taken)`)]
    case "NoAddress":
      return problem(notice.error, `your app is at ${notice.url} until it is started again`)
    case "NotAPort":
      return [
        quiet("your app wrote something on fd 4 that is no port and a newline, so it gets no address here")
      ]
    case "Restarting":
      return [quiet(`${whatChanged(notice.changes)}, starting again`)]
    case "Killed":
      return [quiet(`it did not end within ${notice.seconds} s of SIGTERM, and was killed`)]
    case "NotFollowed":
      return problem(notice.error, whatNow(notice.isRunning))
    case "Recovered":
      return [
        quiet(
          `that is mended, and nothing else has changed${notice.isRunning ? "" : "; waiting for a change"}`
        )
      ]
    case "Failed":
      return [
        quiet(`${howItEnded(notice.exit)}; waiting for a change of its secrets or of tako.toml (Ctrl-C ends)`)
      ]
    case "NotStarted":
      return problem(notice.error, "waiting for a change of its secrets or of tako.toml (Ctrl-C ends)")
  }
}

const whatNow = (isRunning: boolean): string =>
  isRunning ? "your app keeps running with what it has" : "still waiting for a change (Ctrl-C ends)"

const howItEnded = (exit: ProcessExit): string =>
  exit._tag === "Exited" ? `it ended with ${exit.code}` : `it was killed by ${exit.signal}`

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

/** Names as long as they are few. */
const some = (names: ReadonlyArray<string>, noun: string, one: string, many: string): string | undefined => {
  if (names.length === 0) return undefined
  const shown = names.length > 3 ? counted(names.length, noun) : names.join(" and ")
  return `${shown} ${names.length === 1 ? one : many}`
}
