import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { NoTerminal } from "../../../domain/errors/user.ts"
import { printable } from "../../../domain/printable.ts"
import { adopt as adoptSecret } from "../../../programs/secrets/adopt.ts"
import { Terminal } from "../../../services/terminal/terminal.ts"
import { argument, leaf } from "../command.ts"
import { checkSecret, chooseEnvironment, environmentFlag } from "../names.ts"
import { say } from "../output.ts"

export const adopt = leaf(
  "adopt",
  {
    summary: "Accept a value that another tool wrote",
    description:
      "Shows the commit that added the value, and asks on the terminal. A value that was copied from another secret is refused.",
    example: "tako secrets adopt DATABASE_URL --env production",
    arguments: { name: argument.text("NAME", { holds: "secret" }) },
    flags: { environment: environmentFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const secret = yield* checkSecret(input.name)
      const environment = yield* chooseEnvironment(input.environment)
      yield* adoptSecret({ environment, secret }, (commit) =>
        Effect.gen(function* () {
          const terminal = yield* Terminal
          const question = `Accept this value as ${secret} of environment ${environment}?`
          if (!(yield* terminal.isThere)) {
            return yield* new NoTerminal({
              question,
              instead: "A person has to check it: run this on a terminal."
            })
          }
          yield* terminal.show(
            Option.match(commit, {
              onNone: () => "This value is not committed yet.",
              onSome: ({ hash, author, date, subject }) =>
                printable(`Added by ${hash.slice(0, 12)}, ${author}, ${date}: ${subject}`)
            })
          )
          return yield* terminal.confirm(question, { default: false })
        })
      )
      yield* say(`Adopted secret ${secret} in environment ${environment}`)
    })
)
