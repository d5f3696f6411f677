import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { set as setSecret } from "../../../programs/secrets/set.ts"
import { argument, flag, leaf } from "../command.ts"
import {
  checkSecret,
  chooseEnvironment,
  confirmNewEnvironment,
  createFlag,
  environmentFlag
} from "../names.ts"
import { say } from "../output.ts"
import { hiddenInput } from "../prompts.ts"
import { refreshTypesAfterChange } from "../typegen.ts"
import { canSync, syncAfter, syncFlag } from "./sync/sync.ts"

const reported = { set: "Set secret", updated: "Updated secret", unchanged: "Unchanged: secret" } as const

export const set = leaf(
  "set",
  {
    aliases: ["add"],
    summary: "Set a secret to a value you type or pipe in",
    description:
      "Prompts for the value without echo, or reads it from stdin, dropping one final newline. The value is encrypted before it is written. The first secret of an environment creates the environment.",
    example: "tako secrets set DATABASE_URL --env production",
    arguments: {
      name: argument.text("NAME", { summary: "The secret's name, as in DATABASE_URL", holds: "any-secret" })
    },
    flags: {
      environment: environmentFlag,
      allowEmpty: flag.boolean("allow-empty", { summary: "Accept an empty value" }),
      sync: syncFlag,
      create: createFlag
    },
    surplus: {
      problem:
        "A value is never taken from an argument, where other users of this machine and your shell's history see it. " +
        "If you typed one, remove it from your history and change it at its source.",
      hint: "Type it at the prompt: tako secrets set NAME, or pass it in: tako secrets set NAME < FILE"
    }
  },
  (input) =>
    Effect.gen(function* () {
      const secret = yield* checkSecret(input.name)
      const environment = yield* chooseEnvironment(input.environment)
      yield* confirmNewEnvironment(environment, input.create)
      const where = { environment: Option.some(environment) }
      if (input.sync) yield* canSync(where)
      const value = hiddenInput(
        "Enter value: ",
        `Pass it in: tako secrets set ${secret} --env ${environment} < FILE`
      )
      const { outcome, created } = yield* setSecret({ environment, secret }, value, input)
      if (created) yield* say(`Created environment ${environment}`)
      yield* say(`${reported[outcome]} ${secret} for environment ${environment}`)
      yield* refreshTypesAfterChange
      return input.sync ? yield* syncAfter({ ...where, agreed: new Set() }) : undefined
    })
)
