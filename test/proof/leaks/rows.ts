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

/** One run of a command with canaries about: nothing of them may be seen anywhere but where it says. */
export interface Row {
  readonly title: string
  readonly argv: ReadonlyArray<string>
  readonly stdin?: string
  readonly terminal?: ReadonlyArray<readonly [wait: string, send: string]>
  readonly variables?: Readonly<Record<string, string>>
  /** Changes the state that it starts from. */
  readonly spoil?: (lane: Lane, canaries: Canaries) => void
  /** Once it waits for its stdin; then the stdin ends. */
  readonly meanwhile?: (lane: Lane) => void
  /** What its stdout is for. */
  readonly prints?: ReadonlyArray<keyof Canaries["secrets"]>
  /** Of which command and situation it is; undefined for what one command alone meets. */
  readonly of?: { readonly command: string; readonly situation: string }
  /** The exit code without which it shows nothing. */
  readonly ends?: number
  /** Classes of errors that it has to end with, or it shows nothing. */
  readonly reaches?: ReadonlyArray<string>
  /** It does nothing for half a minute, and goes on beside the others. */
  readonly waits?: true
  /** tako without its packages beside it. */
  readonly bare?: true
  /** tako-server itself is what is started; what the lane's own server keeps is there. */
  readonly program?: "tako-server"
  /** The lane's own tako-server runs beside it, with these flags more; nothing else answers the command. */
  readonly server?: ReadonlyArray<string>
  /** Listens where the command looks for a server; it may know that of the lane, by its socket. */
  readonly between?: (socket: string) => Effect.Effect<LocalTarget, never, Scope.Scope>
  /** Behind it, what is in the project is committed, and git's objects are searched. */
  readonly commits?: true
}

/** Reads its secrets, and writes down what it was started with, and its parent. */
const looksAround = [
  "sh",
  "-c",
  "read -r line <&3; unset line; env >env.txt; tr '\\0' '\\n' </proc/$PPID/cmdline >cmdline.txt"
]

/** What a command is typed with to do what it is for; for one that is not named here, its arguments are made up. */
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

/** Nothing listens there: what needs a server opens the secrets, reaches for it, and fails. */
export const nowhere = "/nowhere/tako.sock"

const knowServer = (lane: Lane): void =>
  Fs.writeFileSync(
    Path.join(lane.home, "config.toml"),
    '[[servers]]\nname = "la"\nhost = "127.0.0.1"\nport = 1\n'
  )

/** What a command that is used as it should be ends with, where that is not 0. */
const endsWith: Readonly<Record<string, number>> = {
  // There is nothing to adopt; "adopt, and yes" below does it.
  "secrets adopt": 1
}

const serverFailed = 5

/** `servers` themselves have no such flag: they are about what is known of servers. */
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

export const asItShould = "does what it is for"

/** What may be wrong, for every command. */
const situations: ReadonlyArray<Situation> = [
  [asItShould, (row) => row],
  [
    "is given a value too many",
    (row) => ({
      ...row,
      argv:
        // Behind their command everything is the program's.
        row.argv[0] === "run" || row.argv[0] === "dev"
          ? [row.argv[0], `--x=${value}`, "true"]
          : [...row.argv, value]
    })
  ],
  [
    "is given a flag that it has not",
    (row, leaf) => ({
      ...row,
      argv: [...leaf.words, `--value=${value}`, ...row.argv.slice(leaf.words.length)]
    })
  ],
  [
    "is given the passphrase as a name",
    (row, leaf) => ({
      ...row,
      argv: leaf.spec.arguments.some(({ label }) => label === "NAME")
        ? [...leaf.words, "--env", "development", passphrase]
        : [...leaf.words, "--env", passphrase, ...argumentsOf(leaf)]
    })
  ],
  [
    "finds a value in plain text in a file that is not ours",
    (row) => ({
      ...row,
      spoil: (lane) =>
        Fs.writeFileSync(file(lane), `{"development": {"salt": ${JSON.stringify(value)}, "secrets": {}}}`)
    })
  ],
  ["finds a file cut off", (row) => ({ ...row, spoil: (lane) => Fs.truncateSync(file(lane), 150) })],
  [
    "finds a value that does not open",
    (row) => ({
      ...row,
      spoil: (lane) =>
        editFile(lane, ({ development }) => {
          if (development) development.secrets.B = flip(development.secrets.B ?? "")
        })
    })
  ],
  [
    "finds a value that was moved",
    (row) => ({
      ...row,
      spoil: (lane) =>
        editFile(lane, ({ development }) => {
          if (development) development.secrets.B = development.secrets.A ?? ""
        })
    })
  ],
  [
    "has no key, and a passphrase that does not fit",
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
    "has a key cache that others read",
    (row) => ({ ...row, spoil: (lane) => Fs.chmodSync(Path.join(lane.home, "keys"), 0o755) })
  ],
  [
    "has a key for another project",
    (row) => ({ ...row, spoil: (lane) => Fs.writeFileSync(Path.join(lane.home, "pins.json"), "{}\n") })
  ],
  [
    "has the environment replaced",
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
    "has no home to write in",
    (row, _, canaries) => ({
      ...row,
      variables: { ...withPassphrase(canaries), TAKO_HOME: "/dev/null/tako" }
    })
  ],
  [
    "has a project that leads elsewhere",
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

/** What one command alone can run into. */
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
    title: "derive at a terminal",
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
    title: "a new environment, by the variable",
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
    title: "derive without Argon2",
    argv: ["secrets", "key", "derive", "--env", "development"],
    variables: withPassphrase(canaries),
    bare: true
  },
  { title: "get from an environment that is not there", argv: ["secrets", "get", "A", "--env", "nowhere"] },
  { title: "get what is not there", argv: ["secrets", "get", "NOWHERE", "--env", "development"] },
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
  { title: "run what is not there", argv: ["run", "--", `./${"nowhere"}`] },
  {
    title: "run without a secret that tako.toml requires",
    argv: ["run", "--env", "development", "--", ...looksAround],
    reaches: ["SecretsMissing"],
    ends: 1,
    spoil: (lane) =>
      Fs.writeFileSync(Path.join(lane.project, "tako.toml"), '[secrets]\nrequired = ["A", "NOWHERE"]\n')
  },
  { title: "set nothing", argv: set, stdin: "" },
  { title: "set a half character", argv: ["secrets", "set", "A", "--env", "production"], stdin: "" },
  {
    title: "set while another key comes in",
    argv: set,
    stdin: value,
    meanwhile: (lane) =>
      editFile(lane, ({ development }) => {
        if (development) development.salt = "AAAAAAAAAAAAAAAAAAAAAA=="
      })
  },
  {
    title: "set while somebody else holds the lock",
    argv: set,
    stdin: value,
    waits: true,
    spoil: (lane) => Fs.writeFileSync(`${file(lane)}.lock`, lockOfOurs())
  },
  {
    title: "typegen of two names that are one",
    argv: ["typegen", "--lang", "go"],
    spoil: (lane) =>
      editFile(lane, ({ development }) => {
        if (development)
          Object.assign(development.secrets, { A_B: development.secrets.A, A__B: development.secrets.A })
      })
  },
  { title: "typegen of no language", argv: ["typegen"] },
  {
    title: "dev at an address that is not ours",
    argv: ["dev", "--", "sh", "-c", "echo 8080 >&4; sleep 3"],
    spoil: (lane) =>
      Fs.writeFileSync(
        Path.join(lane.project, "tako.toml"),
        'name = "shop"\n[envs.development]\nlisten = "192.0.2.1:80"\n'
      )
  },
  { title: "a wrong word", argv: ["secret", value] },
  {
    title: "a server that is known already",
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
    title: "sync to a server that nobody knows",
    argv: ["secrets", "sync", "--env", "development", "--server", "nobody"]
  },
  { title: "the wizard", argv: ["--wizard"] },
  {
    title: "run with TAKO_PASSPHRASE_FILE and TAKO_KEY_FILE set",
    argv: ["run", "--", "sh", "-c", "read -r line <&3; unset line; env >env.txt"],
    variables: { ...withPassphrase(canaries), TAKO_KEY_FILE: canaries.passphraseFile }
  },
  {
    title: "set with reports on",
    argv: set,
    stdin: value,
    variables: { NODE_OPTIONS: "--report-on-signal --report-uncaught-exception --report-on-fatalerror" }
  }
]

/** Held by the proof itself, which lives. */
const lockOfOurs = (): string => {
  const stat = Fs.readFileSync("/proc/self/stat", "latin1")
  const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
  const boot = Fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").replace(/[^A-Za-z0-9]/g, "")
  const namespace = Fs.readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")
  return `${JSON.stringify({ token: "0123456789abcdef", boot, namespace, pid: process.pid, start })}\n`
}

/** Every command in every situation, and what only one of them meets. */
export const rowsOf = (root: CommandSpec, canaries: Canaries): ReadonlyArray<Row> => [
  ...special(canaries),
  ...leavesOf(root).flatMap((leaf) =>
    situations.map(([title, change]) => {
      const row = change(usual(leaf, canaries), leaf, canaries)
      const of = { command: row.title, situation: title }
      // A command that only ever fails shows nothing: its row needs better arguments, or it is a gap in the matrix.
      const ends = endsWith[row.title] ?? (needsServer(leaf) ? serverFailed : 0)
      return { ...row, title: `${row.title} ${title}`, of, ...(title === asItShould ? { ends } : {}) }
    })
  )
]
