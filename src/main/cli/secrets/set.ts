import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { set as setSecret } from "../../../programs/secrets/set.ts"
import { argument, flag, leaf } from "../command.ts"
import { checkSecret, chosenEnvironment, creatable, createFlag, environmentFlag } from "../names.ts"
import { say } from "../output.ts"
import { hiddenInput } from "../prompts.ts"
import { refreshed } from "../typegen.ts"
import { canSync, syncAfter, syncFlag } from "./sync/sync.ts"

const said = { set: "Set secret", updated: "Updated secret", unchanged: "Unchanged: secret" } as const

export const set = leaf(
  "set",
  {
    aliases: ["add"],
    summary: "Encrypt a value and keep it in the file",
    description:
      "The value is asked for without echo, or read from stdin less one final newline. The first secret of an environment creates it.",
    example: "tako secrets set DATABASE_URL --env production",
    arguments: { name: argument.text("NAME", { summary: "As in DATABASE_URL", holds: "any-secret" }) },
    flags: {
      environment: environmentFlag,
      allowEmpty: flag.boolean("allow-empty", { summary: "Take an empty value" }),
      sync: syncFlag,
      create: createFlag
    },
    surplus: {
      problem:
        "A value is never taken from an argument, where other users of this machine and your shell's history see it. " +
        "If that was one, it may be in the history now: remove it there, and change it at its source.",
      hint: "Type it at the prompt: tako secrets set NAME, or pass it in: tako secrets set NAME < FILE"
    }
  },
  (input) =>
    Effect.gen(function* () {
      const secret = yield* checkSecret(input.name)
      const environment = yield* chosenEnvironment(input.environment)
      yield* creatable(environment, input.create)
      const where = { environment: Option.some(environment) }
      if (input.sync) yield* canSync(where)
      const value = hiddenInput(
        "Enter value: ",
        `Pass it in: tako secrets set ${secret} --env ${environment} < FILE`
      )
      const { outcome, created } = yield* setSecret({ environment, secret }, value, input)
      if (created) yield* say(`Created environment ${environment}`)
      yield* say(`${said[outcome]} ${secret} for environment ${environment}`)
      yield* refreshed
      return input.sync ? yield* syncAfter({ ...where, agreed: new Set() }) : undefined
    })
)
