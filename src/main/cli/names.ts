import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nearest, nearestEnvironment } from "../../domain/did-you-mean.ts"
import { InvalidName, Usage } from "../../domain/errors/user.ts"
import {
  type EnvironmentName,
  isEnvironmentName,
  isNewEnvironmentName,
  isNewSecretName,
  isSecretName
} from "../../domain/names.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { environmentNames, secretNames } from "../../domain/secrets-file/environments.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { Terminal } from "../../services/terminal/terminal.ts"
import { flag } from "./command.ts"

export const environmentFlag = flag.text("env", {
  short: "e",
  value: "NAME",
  holds: "environment",
  summary: "Use this environment (default: TAKO_ENV)"
})

/** The environment of --env, or else of TAKO_ENV. */
export const givenEnvironment = Effect.fnUntraced(function* (given: Option.Option<string>) {
  const variable = Config.option(Config.nonEmptyString("TAKO_ENV")).pipe(
    Effect.orElseSucceed(() => Option.none<string>())
  )
  const name = Option.isSome(given) ? given : yield* variable
  return yield* Option.match(name, {
    onNone: () => Effect.succeedNone,
    onSome: (name) => Effect.asSome(checkEnvironment(name))
  })
})

/** The environment of --env or TAKO_ENV, or else the one chosen at the terminal, where production is last. */
export const chooseEnvironment = Effect.fnUntraced(function* (given: Option.Option<string>) {
  const named = yield* givenEnvironment(given)
  if (Option.isSome(named)) return named.value
  const terminal = yield* Terminal
  const file = yield* SecretsFile
  const known = environmentNames(yield* file.read)
  if (known.length === 0 || !(yield* terminal.isThere)) {
    return yield* new Usage({
      problem: "Which environment?",
      hint: "Pass --env NAME, for example --env development"
    })
  }
  const productionLast = [
    ...known.filter((name) => name !== "production"),
    ...known.filter((name) => name === "production")
  ]
  return yield* checkEnvironment(yield* terminal.choose("Which environment?", productionLast))
})

/** Accepts a name that is in the file or valid for a new environment; suggests a near one otherwise. */
const checkEnvironment = Effect.fnUntraced(function* (name: string) {
  const file = yield* SecretsFile
  if (isNewEnvironmentName(name)) return name
  const known = environmentNames(yield* file.read)
  if (isEnvironmentName(name) && known.includes(name)) return name
  return yield* invalid("environment", name, known)
})

export const checkSecret = Effect.fnUntraced(function* (name: string) {
  const file = yield* SecretsFile
  if (isNewSecretName(name)) return name
  const known = secretNames(yield* file.read)
  if (isSecretName(name) && known.includes(name)) return name
  return yield* invalid("secret", name, known)
})

const invalid = (kind: "environment" | "secret", name: string, known: ReadonlyArray<string>) =>
  new InvalidName({
    kind,
    ...omitUndefined({ suggestion: Option.getOrUndefined(nearest(name, known)) })
  })

/** For commands that create an environment with its first secret. */
export const createFlag = flag.boolean("create", {
  summary: "Create the environment even if its name is close to another's"
})

/** Asks before a likely typing error creates an environment. */
export const confirmNewEnvironment = Effect.fnUntraced(function* (name: EnvironmentName, create: boolean) {
  const file = yield* SecretsFile
  const known = environmentNames(yield* file.read)
  const near = nearestEnvironment(name, known)
  if (create || known.includes(name) || Option.isNone(near)) return
  const terminal = yield* Terminal
  const question = `There is no environment ${name}; did you mean ${near.value}? Create ${name}?`
  if ((yield* terminal.isThere) && (yield* terminal.confirm(question, { default: false }))) return
  return yield* new Usage({
    problem: `There is no environment ${name}. Did you mean ${near.value}?`,
    hint: `To create ${name}, add --create.`
  })
})
