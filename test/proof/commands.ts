import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { TakoError } from "../../src/main/exit-code.ts"
import { init } from "../../src/programs/init.ts"
import { derive } from "../../src/programs/key/derive.ts"
import { rotate } from "../../src/programs/key/rotate.ts"
import { adopt } from "../../src/programs/secrets/adopt.ts"
import { rm } from "../../src/programs/secrets/rm.ts"
import { set } from "../../src/programs/secrets/set.ts"
import { typegen } from "../../src/programs/typegen.ts"
import { tamper } from "../support/project-of.ts"
import { environment, type Services, secret } from "./in-process.ts"

/** Unique to this run, so that a proof running at the same time does not take our values for its own leaks. */
const ofThisRun = Crypto.randomBytes(6).toString("hex")

/** The canaries: every output of a command is searched for them. */
export const passphrase = `canary "passphrase" of the próof \\ + % ${ofThisRun}`
export const value = `canary-value-of-the-proof ${ofThisRun} "\\ + % ü`

type Values = Readonly<Record<string, Readonly<Record<string, string>>>>
type Program = Effect.Effect<unknown, TakoError, Services>

/** A command that writes, for the trials in crash.ts and faults.ts. New ones go into `commands`. */
export interface Writing {
  readonly name: string
  readonly argv: ReadonlyArray<string>
  readonly stdin?: string
  readonly variables?: Readonly<Record<string, string>>
  /** Answers on a terminal, each after the text that it waits for. */
  readonly terminal?: ReadonlyArray<readonly [wait: string, send: string]>
  /** Programs that create the initial state, run in order on an empty project. */
  readonly before: ReadonlyArray<readonly [Program, Readonly<Record<string, string>>?]>
  /** Whether it derives a key: compiling Argon2 uses threads, whose wake-ups make the number of some calls vary. */
  readonly derives?: true
  /** Whether the machine starts without a key: home is emptied after `before`. */
  readonly newMachine?: true
  /** The secrets that can be opened before and after. */
  readonly old: Values
  readonly next: Values
  /** Other files of the project that must be whole, before and after. */
  readonly files?: ReadonlyArray<string>
  /** The same command again, or what a user would type next; it must work whatever happened. */
  readonly again: Program
  readonly againVariables?: Readonly<Record<string, string>>
}

const development = environment("development")
const given = { TAKO_PASSPHRASE: passphrase }
const put = (name: string, text: string): Program =>
  set({ environment: development, secret: secret(name) }, Effect.succeed(Redacted.make(text)), {
    allowEmpty: true
  })

const long = (value + "x".repeat(2000)).slice(0, 2000)
const two = { development: { A: value, B: long } }

const lostFrom = (name: string): Program =>
  tamper(
    "development",
    name,
    (environments) => environments.get(development)?.secrets.get(secret("Z")) as never
  )

export const commands: ReadonlyArray<Writing> = [
  {
    name: "set",
    argv: ["secrets", "set", "A", "--env", "development"],
    stdin: `${value}2`,
    before: [[put("A", value), given], [put("B", long)]],
    old: two,
    next: { development: { ...two.development, A: `${value}2` } },
    again: put("A", `${value}2`)
  },
  {
    name: "set, the first secret",
    derives: true,
    argv: ["secrets", "set", "A", "--env", "development"],
    stdin: value,
    variables: given,
    before: [],
    old: {},
    next: { development: { A: value } },
    again: put("A", value),
    againVariables: given
  },
  {
    name: "rm",
    argv: ["secrets", "rm", "B", "--env", "development", "--yes"],
    before: [[put("A", value), given], [put("B", long)]],
    old: two,
    next: { development: { A: value } },
    again: Effect.catchTag(rm(secret("B"), [development]), "SecretNotFound", () => put("C", value))
  },
  {
    name: "adopt",
    argv: ["secrets", "adopt", "B", "--env", "development"],
    terminal: [["as B of environment", "y\r"]],
    // B holds the value that was sealed for Z, a name that no longer exists.
    before: [[put("A", value), given], [put("Z", long)], [lostFrom("B")], [rm(secret("Z"), [development])]],
    old: {},
    next: two,
    again: Effect.catchTag(
      adopt({ environment: development, secret: secret("B") }, () => Effect.succeed(true)),
      "AdoptionRefused",
      () => put("C", value)
    )
  },
  {
    name: "key derive",
    derives: true,
    argv: ["secrets", "key", "derive", "--env", "development"],
    variables: given,
    before: [[put("A", value), given], [put("B", long)]],
    newMachine: true,
    old: two,
    next: two,
    again: derive(development),
    againVariables: given
  },
  {
    name: "key rotate",
    derives: true,
    argv: ["secrets", "key", "rotate", "--generate", "--env", "development"],
    before: [[put("A", value), given], [put("B", long)]],
    old: two,
    next: two,
    again: rotate(development, "generated", () => Effect.void)
  },
  {
    name: "init",
    argv: ["init"],
    before: [],
    old: {},
    next: {},
    files: ["tako.toml", ".gitignore"],
    again: init()
  },
  {
    name: "typegen",
    argv: ["typegen", "--lang", "ts"],
    before: [[put("A", value), given]],
    old: { development: { A: value } },
    next: { development: { A: value } },
    files: ["tako.gen.ts"],
    again: typegen(Option.some("ts" as const))
  }
]
