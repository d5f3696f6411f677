import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { FileFailed } from "../../domain/errors/files.ts"
import type { HostIdentity } from "../../domain/ssh/host-identity.ts"
import { attempt, unless } from "../files/errno.ts"
import { type Entry, known, lineOf, parse } from "./file.ts"
import { KnownHosts } from "./known-hosts.ts"

/** The user's own known_hosts and the machine's. */
export const layer: Layer.Layer<KnownHosts> = Layer.sync(KnownHosts, () => {
  const read = reader()
  return {
    of: Effect.fn("KnownHosts.of")((host: HostIdentity) =>
      Effect.map(
        Effect.forEach(host.files, (path) => read(path)),
        (files) => known(files.flat(), host)
      )
    ),
    add: Effect.fn("KnownHosts.add")((host: HostIdentity, key: Uint8Array) => {
      const path = host.files[0]
      return path === undefined
        ? new FileFailed({ operation: "write to", path: "known_hosts", code: "ENOENT" })
        : attempt("write to", path, () => append(path, lineOf(host, key)))
    })
  }
})

/** Reads a file again only after it has changed: a sync may ask about hundreds of hosts. */
const reader = () => {
  const cache = new Map<string, { readonly stamp: string; readonly entries: ReadonlyArray<Entry> }>()
  return (path: string): Effect.Effect<ReadonlyArray<Entry>, FileFailed> =>
    attempt("read", path, () => {
      const stats = unless(["ENOENT", "ENOTDIR"], () => Fs.statSync(path, { bigint: true }))
      if (stats === undefined) return []
      const stamp = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`
      const cached = cache.get(path)
      if (cached?.stamp === stamp) return cached.entries
      const entries = parse(Fs.readFileSync(path, "utf8"))
      cache.set(path, { stamp, entries })
      return entries
    })
}

/** Appends with a single write, as ssh does, so that both may do it at the same time. */
const append = (path: string, line: string): void => {
  Fs.mkdirSync(Path.dirname(path), { recursive: true, mode: 0o700 })
  const fd = Fs.openSync(path, "a+", 0o600)
  try {
    const { size } = Fs.fstatSync(fd)
    const last = Buffer.alloc(1)
    if (size > 0) Fs.readSync(fd, last, 0, 1, size - 1)
    Fs.writeSync(fd, size > 0 && last[0] !== 0x0a ? `\n${line}` : line)
    Fs.fsyncSync(fd)
  } finally {
    Fs.closeSync(fd)
  }
}
