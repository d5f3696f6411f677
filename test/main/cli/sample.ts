import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { NoKeyFits } from "../../../src/domain/errors/keys.ts"
import { argument, flag, group, leaf } from "../../../src/main/cli/command.ts"
import { globalFlags } from "../../../src/main/cli/context.ts"
import { Stdio } from "../../../src/services/stdio/stdio.ts"

/** What a sample command prints: its name and its input. */
const report = (command: string, input: object) =>
  Effect.flatMap(Stdio, ({ out }) =>
    out(
      `${JSON.stringify([
        command,
        Object.fromEntries(
          Object.entries(input).map(([key, value]) => [
            key,
            Option.isOption(value) ? Option.getOrNull(value) : value
          ])
        )
      ])}\n`
    )
  )

const environment = flag.text("env", { short: "e", value: "NAME", summary: "The environment" })
const yes = flag.boolean("yes", { short: "y", summary: "Do not ask" })
const json = flag.boolean("json", { summary: "Print JSON" })

const set = leaf(
  "set",
  {
    aliases: ["add"],
    summary: "Encrypt a value and keep it in the file",
    description:
      "The value is asked for without echo, or read from stdin. It is never taken from an argument.\n\nFirst use of an environment creates it.",
    example: "tako secrets set DATABASE_URL --env production",
    arguments: { name: argument.text("NAME", { summary: "As in DATABASE_URL" }) },
    flags: {
      environment,
      allowEmpty: flag.boolean("allow-empty", { summary: "Take an empty value" }),
      sync: flag.boolean("sync", {
        summary:
          "Go on with a sync to all servers of the environment, and say in a table at the end what became of each"
      })
    },
    surplus: {
      problem: "A value is never taken from an argument, where other users and your shell's history see it.",
      hint: "Type it at the prompt: tako secrets set NAME, or pass it in: tako secrets set NAME < FILE"
    }
  },
  (input) => report("set", input)
)

const get = leaf(
  "get",
  {
    summary: "Print a value",
    example: "tako secrets get DATABASE_URL --env production",
    arguments: { name: argument.text("NAME") },
    flags: { environment, json }
  },
  (input) => report("get", input)
)

const rm = leaf(
  "rm",
  {
    aliases: ["remove", "delete"],
    summary: "Remove a secret",
    example: "tako secrets rm DATABASE_URL --env production",
    arguments: { name: argument.text("NAME") },
    flags: { environment, yes, all: flag.boolean("all-envs", { summary: "From all environments" }) }
  },
  (input) => report("rm", input)
)

const ls = leaf(
  "ls",
  {
    aliases: ["list", "show"],
    summary: "List the names",
    example: "tako secrets ls",
    arguments: { pattern: argument.optional("PATTERN") },
    flags: { environment, json }
  },
  (input) => report("ls", input)
)

const derive = leaf(
  "derive",
  { summary: "Join with a passphrase", example: "tako secrets key derive", flags: { environment } },
  (input) =>
    Option.isNone(input.environment)
      ? Effect.fail(new NoKeyFits({ environment: "production", attempts: [] }))
      : report("derive", input)
)

const run = leaf(
  "run",
  {
    summary: "Start a program with the secrets",
    example: "tako run -- node server.ts",
    arguments: { command: argument.some("CMD", { passThrough: true }) },
    flags: { environment, asEnv: flag.boolean("as-env", { summary: "Through environment variables" }) }
  },
  (input) => Effect.as(report("run", input), 7)
)

const dev = leaf(
  "dev",
  {
    summary: "Run for development",
    example: "tako dev",
    arguments: { command: argument.rest("CMD", { passThrough: true }) }
  },
  (input) => report("dev", input)
)

/** A command line like tako's, whose commands print their input. */
export const root = group("tako", { summary: "Secrets without .env files", flags: globalFlags }, [
  group("secrets", { summary: "The secrets in the repository" }, [
    group("key", { summary: "The keys of this machine" }, [derive]),
    set,
    get,
    rm,
    ls
  ]),
  run,
  dev
])
