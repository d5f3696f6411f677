import * as Fs from "node:fs"
import * as Path from "node:path"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { LocalTarget } from "../../../src/domain/target.ts"
import type { CommandSpec } from "../../../src/main/command-line/specification.ts"
import { passphrase, value } from "../commands.ts"
import type { Lane } from "../lane.ts"
import { type Canaries, describeApp, editFile } from "./project.ts"
import { has, type Leaf, leavesOf } from "./tree.ts"

/** One run of a command with canaries, which may not appear anywhere except where the row says so. */
export interface Row {
  readonly title: string
  readonly argv: ReadonlyArray<string>
  readonly stdin?: string
  readonly terminal?: ReadonlyArray<readonly [wait: string, send: string]>
  readonly variables?: Readonly<Record<string, string>>
  /** Changes the initial state. */
  readonly spoil?: (lane: Lane, canaries: Canaries) => void
  /** Runs once the command waits for its stdin; then stdin ends. */
  readonly meanwhile?: (lane: Lane) => void
  /** The secrets that its stdout may contain. */
  readonly prints?: ReadonlyArray<keyof Canaries["secrets"]>
  /** The command and situation; undefined for rows of a single command. */
  readonly of?: { readonly command: string; readonly situation: string }
  /** The required exit code; with another one the row proves nothing. */
  readonly ends?: number
  /** The required error classes; without them the row proves nothing. */
  readonly reaches?: ReadonlyArray<string>
  /** Whether it waits for half a minute, so that it should run beside others. */
  readonly waits?: true
  /** tako without its packages beside it. */
  readonly bare?: true
  /** Runs tako-server itself, on the data of the lane's own server. */
  readonly program?: "tako-server"
  /** Runs the lane's own tako-server with these additional flags; nothing else answers the command. */
  readonly server?: ReadonlyArray<string>
  /** Listens where the command looks for a server; given the socket of the lane's own server, to which it may relay. */
  readonly between?: (socket: string) => Effect.Effect<LocalTarget, never, Scope.Scope>
  /** Whether the project is committed afterwards, and git's objects are searched. */
  readonly commits?: true
}

/** Reads its secrets, then writes its environment and its parent's arguments to files. */
const looksAround = [
  "sh",
  "-c",
  "read -r line <&3; unset line; env >env.txt; tr '\\0' '\\n' </proc/$PPID/cmdline >cmdline.txt"
]

/** How to use each command properly; the arguments of commands that are not listed are made up. */
const good: Readonly<Record<string, Partial<Row> & { readonly more?: ReadonlyArray<string> }>> = {
  "secrets set": { stdin: value, commits: true },
  "secrets get": { prints: ["the value"] },
  "secrets import": { stdin: `D='${value}'\n`, commits: true },
  "secrets key export": { more: ["--stdout"], prints: ["the key"] },
  "secrets key rotate": { more: ["--generate"], commits: true },
  run: { argv: ["run", "--env", "development", "--", ...looksAround] },
  dev: { argv: ["dev", "--env", "development", "--", ...looksAround] },
  typegen: { more: ["--lang", "ts"], commits: true },
  completions: { argv: ["completions", "bash"] },
  "servers add": { argv: ["servers", "add", "la", "127.0.0.1", "--no-check"] },
  "servers rm": { argv: ["servers", "rm", "la"], spoil: (lane) => knowServer(lane) },
  "apps deploy": { spoil: (lane) => describeApp(lane) }
}

/** Nothing listens there: a command that needs a server opens the secrets, tries to connect, and fails. */
export const nowhere = "/nowhere/tako.sock"

const knowServer = (lane: Lane): void =>
  Fs.writeFileSync(
    Path.join(lane.home, "config.toml"),
    '[[servers]]\nname = "la"\nhost = "127.0.0.1"\nport = 1\n'
  )

/** The exit codes of properly used commands that do not end with 0. */
const endsWith: Readonly<Record<string, number>> = {
  // There is nothing to adopt here; "adopt, and yes" below adopts.
  "secrets adopt": 1
}

const serverFailed = 5

/** The `servers` commands have no --server flag, because they manage the list of servers. */
const needsServer = (leaf: Leaf): boolean => has(leaf, "server")

const argumentsOf = ({ spec }: Leaf): ReadonlyArray<string> =>
  spec.arguments.flatMap(({ takes, label }) =>
    takes === "one" || takes === "at-least-one" ? [{ NAME: "A", CMD: "true", COUNT: "2" }[label] ?? "x"] : []
  )

export const usual = (leaf: Leaf, canaries: Canaries): Row => {
  const name = leaf.words.join(" ")
  const { more = [], ...given } = good[name] ?? {}
  const flags = [
    ...(has(leaf, "env") ? ["--env", "development"] : []),
    ...(has(leaf, "yes") ? ["--yes"] : []),
    ...(needsServer(leaf) ? ["--server", "local"] : []),
    ...more
  ]
  return {
    title: name,
    argv: [...leaf.words, ...flags, ...argumentsOf(leaf)],
    ...(name === "secrets key import" ? { stdin: canaries.secrets["the key"] } : {}),
    ...(name === "secrets key derive" ? { variables: withPassphrase(canaries) } : {}),
    ...given
  }
}

type Situation = readonly [title: string, change: (row: Row, leaf: Leaf, canaries: Canaries) => Row]

const flip = (text: string) => {
  const bytes = Buffer.from(text, "base64")
  bytes[20] = (bytes[20] ?? 0) ^ 1
  return bytes.toString("base64")
}
const withPassphrase = (canaries: Canaries) => ({ TAKO_PASSPHRASE_FILE: canaries.passphraseFile })
const file = (lane: Lane) => Path.join(lane.project, ".tako", "secrets.json")

export const usedProperly = "used properly"

/** What may be wrong for any command. Titles follow the command's name. */
const situations: ReadonlyArray<Situation> = [
  [usedProperly, (row) => row],
  [
    "with a value as a surplus argument",
    (row) => ({
      ...row,
      argv:
        // Everything after these commands belongs to the program.
        row.argv[0] === "run" || row.argv[0] === "dev"
          ? [row.argv[0], `--x=${value}`, "true"]
          : [...row.argv, value]
    })
  ],
  [
    "with an unknown flag",
    (row, leaf) => ({
      ...row,
      argv: [...leaf.words, `--value=${value}`, ...row.argv.slice(leaf.words.length)]
    })
  ],
  [
    "with the passphrase as a name",
    (row, leaf) => ({
      ...row,
      argv: leaf.spec.arguments.some(({ label }) => label === "NAME")
        ? [...leaf.words, "--env", "development", passphrase]
        : [...leaf.words, "--env", passphrase, ...argumentsOf(leaf)]
    })
  ],
  [
    "with a file that has a value in plaintext",
    (row) => ({
      ...row,
      spoil: (lane) =>
        Fs.writeFileSync(file(lane), `{"development": {"salt": ${JSON.stringify(value)}, "secrets": {}}}`)
    })
  ],
  ["with a truncated file", (row) => ({ ...row, spoil: (lane) => Fs.truncateSync(file(lane), 150) })],
  [
    "with a value that does not open",
    (row) => ({
      ...row,
      spoil: (lane) =>
        editFile(lane, ({ development }) => {
          if (development) development.secrets.B = flip(development.secrets.B ?? "")
        })
    })
  ],
  [
    "with a value that was moved",
    (row) => ({
      ...row,
      spoil: (lane) =>
        editFile(lane, ({ development }) => {
          if (development) development.secrets.B = development.secrets.A ?? ""
        })
    })
  ],
  [
    "without a key, and with a wrong passphrase",
    (row, _, canaries) => ({
      ...row,
      variables: withPassphrase(canaries),
      spoil: (lane) => {
        Fs.rmSync(lane.home, { recursive: true })
        editFile(lane, ({ development }) => {
          if (development) development.salt = "AAAAAAAAAAAAAAAAAAAAAA=="
        })
      }
    })
  ],
  [
    "with a key cache that others can read",
    (row) => ({ ...row, spoil: (lane) => Fs.chmodSync(Path.join(lane.home, "keys"), 0o755) })
  ],
  [
    "with a key of another project",
    (row) => ({ ...row, spoil: (lane) => Fs.writeFileSync(Path.join(lane.home, "pins.json"), "{}\n") })
  ],
  [
    "with a replaced environment",
    (row) => ({
      ...row,
      spoil: (lane) =>
        editFile(lane, (all) => {
          if (all.development && all.production)
            all.development = {
              ...all.production,
              salt: all.development.salt.replace(/^./, (c) => (c === "A" ? "B" : "A"))
            }
        })
    })
  ],
  [
    "without a writable home",
    (row, _, canaries) => ({
      ...row,
      variables: { ...withPassphrase(canaries), TAKO_HOME: "/dev/null/tako" }
    })
  ],
  [
    "with a project that links elsewhere",
    (row) => ({
      ...row,
      spoil: (lane) => {
        Fs.renameSync(Path.join(lane.project, ".tako"), `${lane.temporary}/elsewhere`)
        Fs.symlinkSync(`${lane.temporary}/elsewhere`, Path.join(lane.project, ".tako"))
      }
    })
  ]
]

const set = ["secrets", "set", "A", "--env", "development"]

/** Situations of a single command. */
const special = (canaries: Canaries): ReadonlyArray<Row> => [
  ...(["no", "yes"] as const).map((answer) => ({
    title: `adopt, and ${answer}`,
    argv: ["secrets", "adopt", "B", "--env", "development"],
    terminal: [["as B of environment", `${answer[0]}\r`]] as const,
    spoil: (lane: Lane) =>
      editFile(lane, ({ development, production }) => {
        if (development && production) {
          development.secrets = { B: development.secrets.A ?? "" }
          production.secrets = {}
        }
      })
  })),
  { title: "rm, and no", argv: ["secrets", "rm", "A", "--env", "development"], terminal: [["[y/N]", "n\r"]] },
  { title: "set at a terminal", argv: set, terminal: [["Enter value: ", `${value}\r`]] },
  {
    title: "set at a terminal, Ctrl-C",
    argv: set,
    terminal: [["Enter value: ", `${value.slice(0, 5)}\u0003`]]
  },
  {
    title: "key derive at a terminal",
    argv: ["secrets", "key", "derive", "--env", "development"],
    terminal: [["Passphrase", `${passphrase}\r`]]
  },
  {
    title: "a new environment, two passphrases",
    argv: ["secrets", "key", "derive", "--env", "staging"],
    terminal: [
      ["press Enter", `${passphrase}\r`],
      ["Repeat", "another one\r"]
    ]
  },
  {
    title: "a new environment, with TAKO_PASSPHRASE",
    argv: ["secrets", "set", "A", "--env", "staging"],
    stdin: value,
    variables: withPassphrase(canaries),
    commits: true
  },
  {
    title: "export without a clipboard",
    argv: ["secrets", "key", "export", "--env", "development"],
    variables: { PATH: "/nowhere" }
  },
  { title: "a tako.toml with a value in it", argv: ["secrets", "ls", "--config", "missing.toml"] },
  {
    title: "key derive without Argon2",
    argv: ["secrets", "key", "derive", "--env", "development"],
    variables: withPassphrase(canaries),
    bare: true
  },
  { title: "get from an environment that does not exist", argv: ["secrets", "get", "A", "--env", "nowhere"] },
  { title: "get a secret that does not exist", argv: ["secrets", "get", "NOWHERE", "--env", "development"] },
  {
    title: "import a key that is none",
    argv: ["secrets", "key", "import", "--env", "development"],
    stdin: value
  },
  {
    title: "import with a quote missing, and a name that is none",
    argv: ["secrets", "import", "--env", "development"],
    stdin: `D='${value}\nE=${value}\nno-name=${value}\n`,
    ends: 2
  },
  { title: "rm without a terminal", argv: ["secrets", "rm", "A", "--env", "development"] },
  { title: "run a program that does not exist", argv: ["run", "--", `./${"nowhere"}`] },
  {
    title: "run without a secret that tako.toml requires",
    argv: ["run", "--env", "development", "--", ...looksAround],
    reaches: ["SecretsMissing"],
    ends: 1,
    spoil: (lane) =>
      Fs.writeFileSync(Path.join(lane.project, "tako.toml"), '[secrets]\nrequired = ["A", "NOWHERE"]\n')
  },
  { title: "set nothing", argv: set, stdin: "" },
  { title: "set half a character", argv: ["secrets", "set", "A", "--env", "production"], stdin: "" },
  {
    title: "set while the key is rotated",
    argv: set,
    stdin: value,
    meanwhile: (lane) =>
      editFile(lane, ({ development }) => {
        if (development) development.salt = "AAAAAAAAAAAAAAAAAAAAAA=="
      })
  },
  {
    title: "set while another process holds the lock",
    argv: set,
    stdin: value,
    waits: true,
    spoil: (lane) => Fs.writeFileSync(`${file(lane)}.lock`, lockOfOurs())
  },
  {
    title: "typegen with two names that collide",
    argv: ["typegen", "--lang", "go"],
    spoil: (lane) =>
      editFile(lane, ({ development }) => {
        if (development)
          Object.assign(development.secrets, { A_B: development.secrets.A, A__B: development.secrets.A })
      })
  },
  { title: "typegen without a language", argv: ["typegen"] },
  {
    title: "dev at an address of another machine",
    argv: ["dev", "--", "sh", "-c", "echo 8080 >&4; sleep 3"],
    spoil: (lane) =>
      Fs.writeFileSync(
        Path.join(lane.project, "tako.toml"),
        'name = "shop"\n[envs.development]\nlisten = "192.0.2.1:80"\n'
      )
  },
  { title: "an unknown command", argv: ["secret", value] },
  {
    title: "servers add with a name that exists",
    argv: ["servers", "add", "la", "127.0.0.1", "--no-check"],
    spoil: knowServer
  },
  {
    title: "set, and sync to a server that does not answer",
    argv: [...set, "--sync"],
    stdin: value,
    spoil: (lane) => {
      knowServer(lane)
      Fs.writeFileSync(
        Path.join(lane.project, "tako.toml"),
        'name = "shop"\n[envs.development]\nservers = ["la", "local"]\n'
      )
    }
  },
  {
    title: "sync to an unknown server",
    argv: ["secrets", "sync", "--env", "development", "--server", "nobody"]
  },
  { title: "--wizard", argv: ["--wizard"] },
  {
    title: "run with TAKO_PASSPHRASE_FILE and TAKO_KEY_FILE set",
    argv: ["run", "--", "sh", "-c", "read -r line <&3; unset line; env >env.txt"],
    variables: { ...withPassphrase(canaries), TAKO_KEY_FILE: canaries.passphraseFile }
  },
  {
    title: "set with Node's reports enabled",
    argv: set,
    stdin: value,
    variables: { NODE_OPTIONS: "--report-on-signal --report-uncaught-exception --report-on-fatalerror" }
  }
]

/** A lock held by the proof itself, which is alive. */
const lockOfOurs = (): string => {
  const stat = Fs.readFileSync("/proc/self/stat", "latin1")
  const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
  const boot = Fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").replace(/[^A-Za-z0-9]/g, "")
  const namespace = Fs.readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")
  return `${JSON.stringify({ token: "0123456789abcdef", boot, namespace, pid: process.pid, start })}\n`
}

/** Every command in every situation, and the rows of a single command. */
export const rowsOf = (root: CommandSpec, canaries: Canaries): ReadonlyArray<Row> => [
  ...special(canaries),
  ...leavesOf(root).flatMap((leaf) =>
    situations.map(([title, change]) => {
      const row = change(usual(leaf, canaries), leaf, canaries)
      const of = { command: row.title, situation: title }
      // A command that always fails proves nothing: it needs better arguments, or it is a gap in the matrix.
      const ends = endsWith[row.title] ?? (needsServer(leaf) ? serverFailed : 0)
      return { ...row, title: `${row.title} ${title}`, of, ...(title === usedProperly ? { ends } : {}) }
    })
  )
]
