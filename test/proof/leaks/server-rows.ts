import * as Fs from "node:fs"
import * as Path from "node:path"
import type { CommandSpec } from "../../../src/main/command-line/specification.ts"
import { value } from "../commands.ts"
import type { Lane } from "../lane.ts"
import { answersWith, deliversTwice } from "./between.ts"
import type { Hosts } from "./hosts.ts"
import { type Canaries, describeApp, editFile } from "./project.ts"
import { type Row, usual } from "./rows.ts"
import { flags, folderOf, place, stateOf } from "./server.ts"
import { has, leavesOf } from "./tree.ts"

/** The stored data of the lane's server. */
const at = (lane: Lane, ...path: ReadonlyArray<string>) => Path.join(folderOf(lane), ...path)

interface State {
  release: number | null
  releases: ReadonlyArray<unknown>
  revisions: ReadonlyArray<{ key_id: string }>
  [other: string]: unknown
}

const editState = (lane: Lane, edit: (state: State) => void): void => {
  const path = stateOf(lane)
  const state = JSON.parse(Fs.readFileSync(path, "utf8")) as State
  edit(state)
  Fs.writeFileSync(path, JSON.stringify(state))
}

const sync = ["secrets", "sync", ...place]
export const deploy = ["apps", "deploy", ...place]
const scale = ["apps", "scale", "2", ...place]

/** Commands that a tako-server of the lane refuses, and why. */
const refused: ReadonlyArray<Row> = [
  {
    title: "scale an unknown app",
    argv: ["apps", "scale", "2", "nowhere/production", "--server", "local"],
    reaches: ["AppUnknown", "ServerRefused"]
  },
  {
    title: "logs of an unknown app",
    argv: ["logs", "nowhere/production", "--server", "local"],
    reaches: ["AppUnknown"]
  },
  {
    title: "deploy an app with a fixed port",
    argv: deploy,
    spoil: (lane) => describeApp(lane, "local", ["port = 8080"]),
    reaches: ["FixedPort"]
  },
  {
    title: "deploy an app that prints a value and exits",
    argv: deploy,
    spoil: (lane) => describeApp(lane, "local", ["[vars]", 'FAILS = "1"']),
    reaches: ["RolloutFailed", "InstanceFailed"]
  },
  {
    title: "set, and sync to an app that prints the value and exits",
    argv: ["secrets", "set", "C", "--env", "development", "--sync"],
    stdin: value,
    reaches: ["RolloutFailed", "InstanceFailed"]
  },
  {
    title: "sync from an environment with a different key than before",
    argv: sync,
    spoil: (lane) =>
      editState(lane, ({ revisions }) => {
        for (const each of revisions) each.key_id = "0123456789abcdef"
      }),
    reaches: ["KeyDiffers"]
  },
  {
    title: "scale an app that has secrets and no release",
    argv: scale,
    spoil: (lane) => editState(lane, (state) => Object.assign(state, { release: null, releases: [] })),
    reaches: ["NotDeployed"]
  },
  {
    title: "rollback to a release that does not exist",
    argv: ["apps", "rollback", "--release", "9", ...place],
    reaches: ["ReleaseUnknown"]
  },
  {
    title: "sync when someone else synced first",
    argv: sync,
    between: deliversTwice,
    reaches: ["RevisionMoved"]
  },
  {
    title: "sync to a damaged state that contains a value",
    argv: sync,
    spoil: (lane) => editState(lane, (state) => Object.assign(state, { [value]: value })),
    reaches: ["StateDamaged"]
  },
  {
    title: "scale with secrets that do not open",
    argv: scale,
    spoil: (lane) => Fs.truncateSync(Path.join(Path.dirname(stateOf(lane)), "secrets.1.enc"), 40),
    reaches: ["RevisionUnreadable"]
  },
  {
    title: "scale with a wrong server key",
    argv: scale,
    spoil: (lane, canaries) => Fs.writeFileSync(at(lane, "data.key"), canaries.secrets["the key"]),
    reaches: ["RevisionUnreadable"]
  },
  {
    title: "deploy when no user id is left",
    argv: deploy,
    server: ["--uids", "70000-70000"],
    spoil: (lane) => {
      Fs.rmSync(at(lane, "data", "files", "shop"), { recursive: true })
      Fs.mkdirSync(at(lane, "data", "files", "another", "production"), { recursive: true })
      Fs.chownSync(at(lane, "data", "files", "another", "production"), 70_000, 70_000)
    },
    reaches: ["NoUserLeft"]
  },
  {
    title: "sync at a terminal, and yes",
    argv: sync,
    spoil: (lane) =>
      editFile(lane, ({ development }) => {
        delete development?.secrets.A
      }),
    terminal: [["Remove them from the servers?", "y\r"]],
    ends: 0
  }
]

/** An impostor listens in place of tako-server, and is sent the secrets. */
const misbehaving: ReadonlyArray<Row> = (
  [
    ["what it got", (line) => line],
    ["all but the first byte", (line) => line.slice(1)],
    ["everything after a byte that is not UTF-8", (line) => `\xff${line}`]
  ] as ReadonlyArray<readonly [string, (line: string) => string]>
).map(([what, answer]) => ({
  title: `sync to a server that repeats ${what}`,
  argv: sync,
  between: answersWith(answer),
  reaches: ["ServerMisbehaved"]
}))

const knowHost = (lane: Lane, socket = "/run/tako/tako.sock"): void => {
  describeApp(lane, "la")
  Fs.writeFileSync(
    Path.join(lane.home, "config.toml"),
    `[[servers]]\nname = "la"\nhost = "la.example"\nsocket = "${socket}"\n`
  )
}

/** Over SSH, everything goes through an encrypted channel, so no system call may show it. */
const remote = ({ folder, group, known, ...strangers }: Hosts): ReadonlyArray<Row> => {
  const by = (programs: string) => ({ PATH: `${programs}:${process.env.PATH}` })
  const argv = ["secrets", "sync", "--env", "development"]
  return [
    ...[argv, ["servers", "status"]].map((argv) => {
      // The two rows may run at the same time, so each has a socket of its own.
      const socket = Path.join(folder, argv[0] ?? "")
      return {
        title: `${argv.slice(0, 2).join(" ")} of a server behind an sshd`,
        argv,
        server: ["--socket", socket, "--socket-group", String(group)],
        variables: by(known),
        spoil: (lane: Lane) => knowHost(lane, socket),
        ends: 0
      }
    }),
    ...(
      [
        ["whose key nobody knows", strangers.unknown, "HostKeyRefused"],
        ["whose key has changed", strangers.changed, "HostKeyRefused"],
        ["that takes none of the keys", strangers.lockedOut, "LoginRefused"]
      ] as const
    ).map(([which, programs, reached]) => ({
      title: `sync to a host ${which}`,
      argv,
      variables: by(programs),
      spoil: (lane: Lane) => knowHost(lane),
      reaches: [reached]
    }))
  ]
}

/** tako-server itself, when it refuses to start. The title follows its name. */
const starts: ReadonlyArray<Row> = (
  [
    { title: "with a value as an argument", argv: [value], ends: 2 },
    { title: "with an unknown flag", argv: [`--value=${value}`], ends: 2 },
    {
      title: "with data that others may change",
      spoil: (lane) => Fs.chmodSync(at(lane, "data"), 0o777),
      reaches: ["DataUnsafe"]
    },
    {
      title: "with a key that has a typo",
      // One character too many, but within the length that tako-server reads.
      spoil: (lane, canaries) => Fs.writeFileSync(at(lane, "data.key"), `${canaries.secrets["the key"]}=`),
      reaches: ["ServerKeyRefused"]
    },
    {
      title: "with data and no key",
      spoil: (lane) => Fs.rmSync(at(lane, "data.key")),
      reaches: ["ServerKeyRefused"]
    },
    {
      title: "with a file that contains a value in place of its socket",
      spoil: (lane) => Fs.writeFileSync(at(lane, "run", "s"), value),
      reaches: ["SocketRefused"]
    },
    { title: "beside another one", server: [], reaches: ["SocketRefused"] }
  ] as ReadonlyArray<Partial<Row> & { readonly title: string }>
).map((row) => ({ argv: flags, program: "tako-server", ...row, title: `tako-server ${row.title}` }))

const answers = "used properly, with a server that answers"

/** Every command that involves servers, while one answers. */
const answered = (root: CommandSpec, canaries: Canaries): ReadonlyArray<Row> =>
  leavesOf(root)
    .filter((leaf) => has(leaf, "server") || has(leaf, "sync"))
    .map((leaf) => {
      const row = usual(leaf, canaries)
      const argv = has(leaf, "sync") ? [...row.argv, "--sync"] : row.argv
      const of = { command: row.title, situation: answers }
      return { ...row, argv, title: `${row.title} ${answers}`, of, server: [], ends: 0 }
    })

/** The rows with a server that answers, and those of tako-server itself. */
export const serverRowsOf = (root: CommandSpec, canaries: Canaries, hosts: Hosts): ReadonlyArray<Row> => [
  ...refused.map((row) => ({ server: [], ...row })),
  ...misbehaving,
  ...remote(hosts),
  ...starts,
  ...answered(root, canaries)
]
