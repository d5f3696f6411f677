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
export interface DevRequest {
  readonly environment: EnvironmentName
  /** If empty, the command comes from tako.toml. */
  readonly command: ReadonlyArray<string>
  /** The working directory of a typed command. One from tako.toml runs in the project's folder. */
  readonly directory: string
  readonly inherited: Readonly<Record<string, string | undefined>>
  /** Folders to search for programs before those of PATH, for a working directory. */
  readonly programsOf: (directory: string) => ReadonlyArray<string>
  readonly dataFolder: string
}

/** Everything that makes a difference to the program. A different plan means a restart. */
export interface Plan {
  readonly environment: EnvironmentName
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly directory: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly secrets: ReadonlyMap<SecretName, Redacted.Redacted<string>>
  /** Addresses to try in order; the front listens on the first free one. */
  readonly addresses: readonly [ListenAddress, ...ReadonlyArray<ListenAddress>]
}

/** A plan without its secrets, which takes no key and no prompt. */
export type Outline = Omit<Plan, "secrets">

/** Combines the command line and tako.toml. */
export const outline = Effect.fn("outline")(function* (
  request: DevRequest
): Effect.fn.Return<Outline, Effect.Effect.Error<Project["Type"]["config"]> | Usage, Project> {
  const { root, config: read } = yield* Project
  const config = yield* read
  const typed = commandOf(request.command)
  const command = typed ?? commandOf(Option.getOrUndefined(config)?.dev ?? [])
  if (command === undefined) return yield* nothingToRun(Option.isSome(config))
  const directory = typed === undefined ? root : request.directory
  const listen = Option.getOrUndefined(config)?.envs.get(request.environment)?.listen
  return {
    environment: request.environment,
    command,
    directory,
    variables: variablesFor(request, directory, Option.getOrUndefined(config), root),
    addresses: listen === undefined ? addressesOf(root) : [addressOf(listen)]
  }
})

/** Makes a complete plan. Fails if a single value does not open. */
export const plan = Effect.fn("plan")(function* (request: DevRequest, options: { readonly ask: boolean }) {
  const outlined = yield* outline(request)
  const secrets = yield* openComplete(request.environment, options)
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
      ? "Nothing to run: tako.toml has no dev, and no command was typed."
      : "Nothing to run: there is no tako.toml here, and no command was typed.",
    hint: 'Type a command: tako dev npm run dev\nOr set one in tako.toml: dev = ["npm", "run", "dev"]'
  })

/**
 * tako.toml's variables override those of the shell, as on a server, and the variables of the app contract override both. A PORT
 * that the user has set is respected.
 */
const variablesFor = (request: DevRequest, directory: string, config: TakoToml | undefined, root: string) => {
  const { HOST: _, ...inherited } = request.inherited
  const vars = config === undefined ? {} : Object.fromEntries(varsIn(config, request.environment))
  const path = vars.PATH ?? inherited.PATH
  return {
    PORT: "0",
    HOST: "127.0.0.1",
    NODE_ENV: "development",
    ...withoutEmpty(inherited, ["PORT", "NODE_ENV"]),
    ...vars,
    PATH: [...request.programsOf(directory), ...(path === undefined ? [] : [path])].join(":"),
    ENV: request.environment,
    TAKO_APP_NAME: config?.name ?? projectNameOf(root.slice(root.lastIndexOf("/") + 1)),
    TAKO_DATA_DIR: request.dataFolder,
    TAKO_BUILD: "dev"
  }
}

const withoutEmpty = (variables: DevRequest["inherited"], names: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(variables).filter(([name, value]) => value || !names.includes(name)))

/** How a plan differs from the previous one, as sorted names. */
export interface Changes {
  readonly addedSecrets: ReadonlyArray<string>
  readonly changedSecrets: ReadonlyArray<string>
  readonly removedSecrets: ReadonlyArray<string>
  readonly variables: ReadonlyArray<string>
  readonly command: boolean
  readonly address: boolean
}

/** Undefined if nothing changed that the program would notice. */
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
