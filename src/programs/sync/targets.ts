import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import { Usage } from "../../domain/errors/user.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Target } from "../../domain/target.ts"
import { Project } from "../../services/project/project.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { projectName } from "../apps/app.ts"
import { targetsNamed } from "../servers/lookup.ts"

export interface Choice {
  /** None stands for all environments that have servers. */
  readonly environment: Option.Option<EnvironmentName>
  /** Limits the choice to this environment. */
  readonly among?: ReadonlyArray<EnvironmentName>
  /** None stands for all servers of an environment. */
  readonly server: Option.Option<string>
}

/** Which environments' secrets go to which servers. */
export interface Chosen {
  /** The project's name, the first half of its apps' names. */
  readonly project: string
  readonly destinations: ReadonlyArray<Destinations>
  /** Environments that have servers in tako.toml and no secrets yet. */
  readonly skipped: ReadonlyArray<EnvironmentName>
}

export interface Destinations {
  readonly environment: EnvironmentName
  readonly targets: ReadonlyArray<Target>
}

/** tako.toml lists the servers of each environment; the registry says where they are. */
export const chooseTargets = Effect.fn("sync.chooseTargets")(function* ({
  environment,
  among,
  server
}: Choice) {
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  const project = yield* projectName
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
  const environments = yield* read
  const existing = wanted.filter((one) => environments.has(one.environment))
  const skipped = wanted.filter((one) => !existing.includes(one)).map(({ environment }) => environment)
  if (existing.length === 0) {
    return yield* new Usage({
      problem: `There are no secrets yet for ${skipped.join(", ")}.`,
      hint: `Set one: tako secrets set NAME --env ${skipped[0]}`
    })
  }
  return { project, destinations: yield* resolve(existing), skipped } satisfies Chosen as Chosen
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
    const suggestion = Option.match(nearest(name, others), {
      onNone: () => "",
      onSome: (other) => `Did you mean ${other}? If not:\n`
    })
    return new Usage({
      problem: `Environment ${name} has no servers.`,
      hint: `${suggestion}Say which, in tako.toml: [envs.${name}] servers = ["la"]; or pass --server.`
    })
  }
  // A typing error must not send production's secrets to staging's server.
  if (one !== undefined && servers.size > 0 && !servers.has(one)) {
    return new Usage({
      problem: `${one} is not a server of environment ${name}. In tako.toml it has: ${[...servers].join(", ")}`
    })
  }
  return Effect.succeed([{ environment: name, servers: one === undefined ? [...servers] : [one] }])
}

const resolve = Effect.fnUntraced(function* (wanted: ReadonlyArray<Names>) {
  const names = [...new Set(wanted.flatMap(({ servers }) => servers))]
  const targets = new Map((yield* targetsNamed(names)).map((target) => [target.name, target]))
  return wanted.map(
    ({ environment, servers }): Destinations => ({
      environment,
      targets: servers.map((name) => targets.get(name) as Target)
    })
  )
})
