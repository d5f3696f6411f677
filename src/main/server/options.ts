import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Either from "effect/Either"
import { Usage } from "../../domain/errors/user.ts"
import { defaultSocket } from "../../domain/server-registry/registered-server.ts"
import type { IdRange } from "../../services/app-home/layer.ts"
import { renderHelp } from "../command-line/help.ts"
import { plain } from "../command-line/ink.ts"
import { type Invocation, prepare, valueOf } from "../command-line/prepare.ts"
import type { FlagSpec, LeafSpec } from "../command-line/specification.ts"

export interface ServerOptions {
  readonly data: string
  readonly socket: string
  readonly group: number | undefined
  readonly memoryOnly: boolean
  readonly keyFile: string
  /** Undefined: every app runs as the server's own user. */
  readonly ids: IdRange | undefined
  /** In ms. */
  readonly window: number
  readonly startWithin: number
}

/** What a command line asks tako-server to do. */
export type Request =
  | { readonly _tag: "Run"; readonly options: ServerOptions }
  | { readonly _tag: "Unit" }
  | { readonly _tag: "Help" }
  | { readonly _tag: "Version" }

export const defaultData = "/var/lib/tako"

/** Free on Debian and Fedora, and none of systemd's (https://systemd.io/UIDS-GIDS). */
const defaultIds: IdRange = { from: 70_000, to: 79_999 }

const flags = {
  data: {
    name: "data-dir",
    value: "DIR",
    summary: `Keep the server's own data in this folder (default ${defaultData})`
  },
  socket: {
    name: "socket",
    value: "PATH",
    summary: `Listen for commands on this socket (default ${defaultSocket})`
  },
  group: {
    name: "socket-group",
    value: "GROUP",
    summary: "Let this group use the socket too, which gives it full control of all apps"
  },
  memoryOnly: {
    name: "memory-only",
    summary: "Keep secrets in memory only, and wait for a sync after each start"
  },
  keyFile: {
    name: "key-file",
    value: "FILE",
    summary: "Without a systemd credential, seal secrets under the key in this file (default DIR.key)"
  },
  uids: {
    name: "uids",
    value: "FROM-TO",
    summary: `As root, give each app a user id of its own from this range (default ${defaultIds.from}-${defaultIds.to}); with "none", every app runs as root`
  },
  window: {
    name: "window",
    value: "SECONDS",
    summary: "Replace old instances once new ones have been healthy for this long (default 3)"
  },
  startWithin: {
    name: "start-within",
    value: "SECONDS",
    summary: "Give an instance this long to become healthy (default 60)"
  }
} satisfies Readonly<Record<string, FlagSpec>>

const commandLine: LeafSpec = {
  _tag: "Leaf",
  name: "tako-server",
  aliases: [],
  summary: "Run apps on this machine, and hand secrets to them",
  description: "Runs in the foreground until SIGTERM.",
  example: "tako-server --data-dir /tmp/tako --socket /tmp/tako.sock",
  arguments: [
    {
      label: "unit",
      takes: "at-most-one",
      passThrough: false,
      summary: "Print a systemd unit for tako-server, and exit"
    }
  ],
  flags: Object.values(flags),
  lastFlagWins: true
}

export const help = (): string => renderHelp([commandLine], 80, plain)

/** What was typed, or what is wrong with it. */
export const parse = (args: ReadonlyArray<string>, isRoot: boolean): Request | Usage => {
  const prepared = prepare(commandLine, args)
  if (Either.isLeft(prepared)) return prepared.left
  switch (prepared.right._tag) {
    case "Help":
    case "Version":
      return { _tag: prepared.right._tag }
    case "Invoke": {
      const [word] = prepared.right.arguments.flat()
      if (word === "unit") return { _tag: "Unit" }
      if (word !== undefined) return usage('tako-server takes no argument but "unit".')
      return optionsOf(prepared.right, isRoot)
    }
  }
}

const optionsOf = ({ flags: given }: Invocation, isRoot: boolean): Request | Usage => {
  const text = (flag: FlagSpec) => valueOf(given, flag)
  const data = Path.resolve(text(flags.data) ?? defaultData)
  const groupName = text(flags.group)
  const group = groupName === undefined ? undefined : groupOf(groupName)
  if (group === "unknown") return usage("--socket-group: there is no such group.")
  const ids = isRoot ? idsOf(text(flags.uids)) : undefined
  if (ids === "malformed")
    return usage(`--uids takes a range, as in ${defaultIds.from}-${defaultIds.to}, or "none".`)
  const window = millisOf(text(flags.window) ?? "3")
  const startWithin = millisOf(text(flags.startWithin) ?? "60")
  if (window === undefined || startWithin === undefined) {
    return usage("--window and --start-within take seconds: more than 0, at most 3600.")
  }
  return {
    _tag: "Run",
    options: {
      data,
      socket: Path.resolve(text(flags.socket) ?? defaultSocket),
      group,
      memoryOnly: given.has(flags.memoryOnly),
      keyFile: Path.resolve(text(flags.keyFile) ?? `${data}.key`),
      ids,
      window,
      startWithin
    }
  }
}

const usage = (problem: string) => new Usage({ problem, hint: "See: tako-server --help" })

const millisOf = (seconds: string): number | undefined => {
  const millis = /^\d{1,4}(\.\d{1,3})?$/.test(seconds) ? Math.round(Number(seconds) * 1000) : 0
  return millis > 0 && millis <= 3_600_000 ? millis : undefined
}

const idsOf = (text: string | undefined): IdRange | undefined | "malformed" => {
  if (text === undefined) return defaultIds
  if (text === "none") return undefined
  const [, from = "", to = ""] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? []
  const range = { from: Number(from), to: Number(to) }
  return range.from > 0 && range.from <= range.to && range.to < 0xffff_fffe ? range : "malformed"
}

/** By number, or by its name in group(5). */
const groupOf = (group: string): number | "unknown" => {
  if (/^\d{1,10}$/.test(group)) return Number(group)
  const line = Fs.readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((each) => each.split(":")[0] === group)
  return line === undefined ? "unknown" : Number(line.split(":")[2])
}
