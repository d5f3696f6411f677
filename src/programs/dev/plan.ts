import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { addressesOf, addressOf, type ListenAddress } from "../../domain/dev-address.ts"
import { Usage } from "../../domain/errors/user.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import { projectNameOf, type TakoToml, varsIn } from "../../domain/tako-toml/tako-toml.ts"
import { Project } from "../../services/project/project.ts"
import { openComplete } from "../environment/open.ts"

/** What was typed, and where. */
export interface Asked {
  readonly environment: EnvironmentName
  /** Empty: what tako.toml says. */
  readonly command: ReadonlyArray<string>
  /** Where it was typed: a command that was typed starts there, one of tako.toml's in the project's folder. */
  readonly directory: string
  readonly inherited: Readonly<Record<string, string | undefined>>
  /** The folders of a directory's programs, to be looked into before those of PATH. */
  readonly programsOf: (directory: string) => ReadonlyArray<string>
  readonly dataFolder: string
}

/** All that makes a difference to the program: another plan is another start. */
export interface Plan {
  readonly environment: EnvironmentName
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly directory: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly secrets: ReadonlyMap<SecretName, Redacted.Redacted<string>>
  /** Where the front listens: at the first that is free. */
  readonly addresses: readonly [ListenAddress, ...ReadonlyArray<ListenAddress>]
}

/** The plan without its secrets: nothing is opened, and nobody is asked. */
export type Outline = Omit<Plan, "secrets">

/** What tako.toml and the command line ask for. */
export const outline = Effect.fn("outline")(function* (
  asked: Asked
): Effect.fn.Return<Outline, Effect.Effect.Error<Project["Type"]["config"]> | Usage, Project> {
  const { root, config: read } = yield* Project
  const config = yield* read
  const typed = commandOf(asked.command)
  const command = typed ?? commandOf(Option.getOrUndefined(config)?.dev ?? [])
  if (command === undefined) return yield* nothingToRun(Option.isSome(config))
  const directory = typed === undefined ? root : asked.directory
  const listen = Option.getOrUndefined(config)?.envs.get(asked.environment)?.listen
  return {
    environment: asked.environment,
    command,
    directory,
    variables: variablesFor(asked, directory, Option.getOrUndefined(config), root),
    addresses: listen === undefined ? addressesOf(root) : [addressOf(listen)]
  }
})

/** All of it, or why there is none: one value that does not open is none. */
export const plan = Effect.fn("plan")(function* (asked: Asked, options: { readonly ask: boolean }) {
  const outlined = yield* outline(asked)
  const secrets = yield* openComplete(asked.environment, options)
  return { ...outlined, secrets } satisfies Plan
})

const commandOf = (command: string | ReadonlyArray<string>): Plan["command"] | undefined => {
  if (typeof command === "string") return ["sh", "-c", command]
  const [program, ...args] = command
  return program === undefined ? undefined : [program, ...args]
}

const nothingToRun = (hasConfig: boolean) =>
  new Usage({
    problem: hasConfig
      ? "There is nothing to run: tako.toml has no dev, and no command was typed."
      : "There is nothing to run: there is no tako.toml here, and no command was typed.",
    hint: 'Type one: tako dev npm run dev\nOr keep it in tako.toml: dev = ["npm", "run", "dev"]'
  })

/**
 * tako.toml's variables win over those of the shell, as on a server; what the contract with the program fixes wins over
 * both. A PORT that somebody has set is meant.
 */
const variablesFor = (asked: Asked, directory: string, config: TakoToml | undefined, root: string) => {
  const { HOST: _, ...inherited } = asked.inherited
  const vars = config === undefined ? {} : Object.fromEntries(varsIn(config, asked.environment))
  const path = vars.PATH ?? inherited.PATH
  return {
    PORT: "0",
    HOST: "127.0.0.1",
    NODE_ENV: "development",
    ...withoutEmpty(inherited, ["PORT", "NODE_ENV"]),
    ...vars,
    PATH: [...asked.programsOf(directory), ...(path === undefined ? [] : [path])].join(":"),
    ENV: asked.environment,
    TAKO_APP_NAME: config?.name ?? projectNameOf(root.slice(root.lastIndexOf("/") + 1)),
    TAKO_DATA_DIR: asked.dataFolder,
    TAKO_BUILD: "dev"
  }
}

const withoutEmpty = (variables: Asked["inherited"], names: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(variables).filter(([name, value]) => value || !names.includes(name)))

/** How a plan differs from the one before: names alone, sorted. */
export interface Changes {
  readonly addedSecrets: ReadonlyArray<string>
  readonly changedSecrets: ReadonlyArray<string>
  readonly removedSecrets: ReadonlyArray<string>
  readonly variables: ReadonlyArray<string>
  readonly command: boolean
  readonly address: boolean
}

/** Undefined where there is no difference that the program would notice. */
export const changesBetween = (before: Plan, after: Plan): Changes | undefined => {
  const changes: Changes = {
    addedSecrets: [...after.secrets.keys()].filter((name) => !before.secrets.has(name)).sort(),
    removedSecrets: [...before.secrets.keys()].filter((name) => !after.secrets.has(name)).sort(),
    changedSecrets: [...after.secrets]
      .filter(([name, value]) => {
        const old = before.secrets.get(name)
        return old !== undefined && Redacted.value(old) !== Redacted.value(value)
      })
      .map(([name]) => name)
      .sort(),
    variables: [...new Set([...Object.keys(before.variables), ...Object.keys(after.variables)])]
      .filter((name) => before.variables[name] !== after.variables[name])
      .sort(),
    command:
      JSON.stringify([before.command, before.directory]) !== JSON.stringify([after.command, after.directory]),
    address: JSON.stringify(before.addresses) !== JSON.stringify(after.addresses)
  }
  const isAny = Object.values(changes).some((change) =>
    typeof change === "boolean" ? change : change.length > 0
  )
  return isAny ? changes : undefined
}
