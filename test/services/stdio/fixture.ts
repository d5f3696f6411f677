import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { sessions } from "../../../src/services/stdio/contract.ts"
import { layer } from "../../../src/services/stdio/layer.ts"
import { Stdio } from "../../../src/services/stdio/stdio.ts"

// Does what its first argument names, and writes what it found out to the file that its second one names.
const [task, file, index] = process.argv.slice(2) as [string, string, string?]

const program = Effect.gen(function* () {
  const stdio = yield* Stdio
  switch (task) {
    case "terminals":
      return [stdio.stdinIsTerminal, stdio.stdoutIsTerminal, stdio.stderrIsTerminal]
    case "session":
      return yield* sessions[Number(index)]?.program ?? Effect.dieMessage("there is no such session")
    case "read": {
      const text = yield* Effect.either(stdio.readStdin)
      return Either.match(text, { onLeft: (error) => ({ refused: error.reason }), onRight: Redacted.value })
    }
    case "read-until-killed":
      yield* stdio.say("reading")
      yield* Effect.timeout(stdio.readStdin, "50 millis").pipe(Effect.ignore)
      return "gave up"
    case "write":
      yield* stdio.out("one ")
      yield* stdio.say("an aside")
      yield* stdio.out("two\n")
      return null
    default:
      yield* stdio.out("0123456789abcde\n".repeat(Number(task) / 16))
      return "written"
  }
})

Effect.runPromiseExit(Effect.provide(program, layer)).then((exit) => {
  if (exit._tag === "Success") Fs.writeFileSync(file, JSON.stringify(exit.value ?? null))
  else if (task === "session") console.error(String(exit))
  process.exit(exit._tag === "Success" ? 0 : 1)
})
