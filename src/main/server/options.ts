import * as Fs from "node:fs"
import * as Path from "node:path"
import { parseArgs } from "node:util"
import { nearest } from "../../domain/did-you-mean.ts"
import { Usage } from "../../domain/errors/user.ts"
import { defaultSocket } from "../../domain/server-registry/registered-server.ts"
import type { IdRange } from "../../services/app-home/layer.ts"

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

export type Asked =
  | { readonly _tag: "Run"; readonly options: ServerOptions }
  | { readonly _tag: "Unit" }
  | { readonly _tag: "Help" }
  | { readonly _tag: "Version" }

export const defaultData = "/var/lib/tako"

/** Free on Debian and Fedora, and none of systemd's (https://systemd.io/UIDS-GIDS). */
const defaultIds: IdRange = { from: 70_000, to: 79_999 }

export const help = `Run apps on this machine, and hand secrets to them

Usage: tako-server [flags]       Serve, in the foreground
       tako-server unit          Print a systemd unit that does

Flags:
      --data-dir DIR          Where it keeps what it knows (default
                              ${defaultData})
      --socket PATH           Where it is told what to do (default
                              ${defaultSocket})
      --socket-group GROUP    Who may use the socket beside its own user: that
                              is full control of all apps
      --memory-only           Keep secrets in memory alone, and wait for a sync
                              after each start
      --key-file FILE         What secrets are sealed under, without systemd's
                              credential (default DIR.key)
      --uids FROM-TO          As root: the user ids to give to apps, one each
                              (default ${defaultIds.from}-${defaultIds.to}); none: every app is root
      --window SECONDS        How long new instances must stay healthy before
                              old ones go (default 3)
      --start-within SECONDS  How long an instance may take to become healthy
                              (default 60)
  -h, --help                  Print help
  -V, --version               Print the version

Example:
  tako-server --data-dir /tmp/tako --socket /tmp/tako.sock
`

const known = {
  "data-dir": { type: "string" },
  socket: { type: "string" },
  "socket-group": { type: "string" },
  "memory-only": { type: "boolean" },
  "key-file": { type: "string" },
  uids: { type: "string" },
  window: { type: "string" },
  "start-within": { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" }
} as const

/** What was typed, or what is wrong with it. */
export const parse = (args: ReadonlyArray<string>, isRoot: boolean): Asked | Usage => {
  const parsed = read(args)
  if (parsed instanceof Usage) return parsed
  const { values, positionals } = parsed
  if (values.help === true) return { _tag: "Help" }
  if (values.version === true) return { _tag: "Version" }
  const [first, ...more] = positionals
  if (first === "unit" && more.length === 0) return { _tag: "Unit" }
  if (first !== undefined) return usage(`tako-server takes no argument but "unit".`)
  const data = Path.resolve(values["data-dir"] ?? defaultData)
  const group = values["socket-group"] === undefined ? undefined : groupOf(values["socket-group"])
  if (group === "unknown") return usage("--socket-group: there is no such group.")
  const ids = isRoot ? idsOf(values.uids) : undefined
  if (ids === "malformed")
    return usage(`--uids takes a range, as in ${defaultIds.from}-${defaultIds.to}, or "none".`)
  const window = millisOf(values.window ?? "3")
  const startWithin = millisOf(values["start-within"] ?? "60")
  if (window === undefined || startWithin === undefined) {
    return usage("--window and --start-within take seconds: more than nothing, at most 3600.")
  }
  return {
    _tag: "Run",
    options: {
      data,
      socket: Path.resolve(values.socket ?? defaultSocket),
      group,
      memoryOnly: values["memory-only"] === true,
      keyFile: Path.resolve(values["key-file"] ?? `${data}.key`),
      ids,
      window,
      startWithin
    }
  }
}

const usage = (problem: string, hint = "See: tako-server --help") => new Usage({ problem, hint })

const read = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({ args: [...args], options: known, allowPositionals: true, strict: true })
  } catch {
    // What Node says quotes what was typed, values included.
    const flag = args.find((arg) => arg.startsWith("-") && !isKnown(arg.replace(/=.*/, "")))
    if (flag === undefined) return usage("An option has no value, or has one and takes none.")
    const name = flag.replace(/=.*/, "").replace(/^--?/, "")
    const suggestion = nearest(name, Object.keys(known))
    return suggestion._tag === "Some"
      ? usage("There is no such option.", `Did you mean --${suggestion.value}?`)
      : usage("There is no such option.")
  }
}

const isKnown = (flag: string): boolean =>
  flag === "-h" || flag === "-V" || Object.hasOwn(known, flag.replace(/^--/, ""))

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
