import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import { Usage } from "../../domain/errors/user.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Target } from "../../domain/server/target.ts"
import { localName } from "../../domain/server-registry/registered-server.ts"
import { projectNameOf } from "../../domain/tako-toml/tako-toml.ts"
import { Project } from "../../services/project/project.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { notFound } from "../../services/server-registry/find.ts"
import { ServerRegistry } from "../../services/server-registry/server-registry.ts"
import { localServer } from "../servers/lookup.ts"

export interface Choice {
  /** All environments that have servers, when there is none. */
  readonly environment: Option.Option<EnvironmentName>
  /** Of all environments that have servers these alone. */
  readonly among?: ReadonlyArray<EnvironmentName>
  /** All of an environment's, when there is none. */
  readonly server: Option.Option<string>
}

/** Where the secrets of which environments go. */
export interface Chosen {
  /** The project's name, which is the first half of an app's. */
  readonly project: string
  readonly destinations: ReadonlyArray<Destinations>
  /** These have servers, and there is no such environment yet. */
  readonly skipped: ReadonlyArray<EnvironmentName>
}

export interface Destinations {
  readonly environment: EnvironmentName
  readonly targets: ReadonlyArray<Target>
}

/** tako.toml says which environment has which servers, and the user's config.toml where they are. */
export const chooseTargets = Effect.fn("sync.chooseTargets")(function* ({
  environment,
  among,
  server
}: Choice) {
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  const project = yield* projectOf
  const listed = new Map(
    [...(toml?.envs ?? [])]
      .filter(([name]) => among === undefined || among.includes(name))
      .map(([name, { servers }]) => [name, new Set(servers)])
  )
  const wanted = yield* namesFor(listed, environment, server)
  if (Option.isSome(environment)) {
    return { project, destinations: yield* resolve(wanted), skipped: [] } satisfies Chosen as Chosen
  }
  const { read } = yield* SecretsFile
  const known = yield* read
  const there = wanted.filter(({ environment }) => known.has(environment))
  const skipped = wanted.filter((one) => !there.includes(one)).map(({ environment }) => environment)
  if (there.length === 0) {
    return yield* new Usage({
      problem: `There are no secrets yet for ${skipped.join(", ")}.`,
      hint: `Set one: tako secrets set NAME --env ${skipped[0]}`
    })
  }
  return { project, destinations: yield* resolve(there), skipped } satisfies Chosen as Chosen
})

/** The project's name: that of tako.toml, else the folder's, made fit. */
export const projectOf = Effect.gen(function* () {
  const { root, config } = yield* Project
  return Option.match(yield* config, {
    onNone: () => projectNameOf(root.slice(root.lastIndexOf("/") + 1)),
    onSome: ({ name }) => name
  })
})

interface Names {
  readonly environment: EnvironmentName
  readonly servers: ReadonlyArray<string>
}

const namesFor = (
  listed: ReadonlyMap<EnvironmentName, ReadonlySet<string>>,
  environment: Choice["environment"],
  server: Choice["server"]
): Effect.Effect<ReadonlyArray<Names>, Usage> => {
  const one = Option.getOrUndefined(server)
  if (Option.isNone(environment)) {
    const all = [...listed].flatMap(([environment, servers]): ReadonlyArray<Names> => {
      const names = one === undefined ? [...servers] : [...servers].filter((name) => name === one)
      return names.length === 0 ? [] : [{ environment, servers: names }]
    })
    if (all.length > 0) return Effect.succeed(all)
    return new Usage({
      problem:
        one === undefined
          ? "No environment has servers."
          : `No environment of tako.toml has the server ${one}.`,
      hint: 'Say where one goes, in tako.toml: [envs.production] servers = ["la"]; or pass --env and --server.'
    })
  }
  const { value: name } = environment
  const servers = listed.get(name) ?? new Set()
  if (one === undefined && servers.size === 0) {
    const others = [...listed].flatMap(([other, { size }]) => (size === 0 ? [] : [other]))
    const meant = Option.match(nearest(name, others), {
      onNone: () => "",
      onSome: (other) => `Did you mean ${other}? If not:\n`
    })
    return new Usage({
      problem: `Environment ${name} has no servers.`,
      hint: `${meant}Say which, in tako.toml: [envs.${name}] servers = ["la"]; or pass --server.`
    })
  }
  // Production's secrets do not go to staging's server because of a typing error.
  if (one !== undefined && servers.size > 0 && !servers.has(one)) {
    return new Usage({
      problem: `${one} is not a server of environment ${name}. In tako.toml it has: ${[...servers].join(", ")}`
    })
  }
  return Effect.succeed([{ environment: name, servers: one === undefined ? [...servers] : [one] }])
}

const resolve = Effect.fnUntraced(function* (wanted: ReadonlyArray<Names>) {
  const names = [...new Set(wanted.flatMap(({ servers }) => servers))]
  const entries = names.every((name) => name === localName) ? [] : yield* (yield* ServerRegistry).all
  const targets = new Map<string, Target>()
  for (const name of names) {
    const entry = name === localName ? yield* localServer : entries.find((one) => one.name === name)
    if (entry === undefined) return yield* notFound(name, entries)
    targets.set(name, entry)
  }
  return wanted.map(
    ({ environment, servers }): Destinations => ({
      environment,
      targets: servers.map((name) => targets.get(name) as Target)
    })
  )
})
