import * as Fs from "node:fs"
import * as Path from "node:path"
import { unless } from "./attempt.ts"
import { type Owner, ourselves, presence } from "./owner.ts"

/** After this long whoever holds something is taken for gone, in ms, if nothing better is known of it. */
export const patience = 60_000

/** 16 random hex digits, never given twice. */
export const newToken = (): string =>
  Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(8))).toString("hex")

/** A name beside the file that nobody else uses, and that tells whose it is, should we not come to remove it. */
export const temporaryName = (path: string): string => {
  const { boot, namespace, pid, start } = ourselves()
  return `${path}.${newToken()}-${pid}-${start}-${namespace}-${boot}.tmp`
}

const pattern = /\.[0-9a-f]{16}-(\d+)-(\d+)-(\d+)-([A-Za-z0-9]+)\.tmp$/

const ownerOf = (name: string): Owner | undefined => {
  const [, pid = "", start = "", namespace = "", boot = ""] = pattern.exec(name) ?? []
  return boot === "" ? undefined : { boot, namespace, pid: Number(pid), start }
}

/** Removes the temporary files of these files that were left by processes that are gone. */
export const sweep = (folder: string, belongs: (name: string) => boolean): void => {
  for (const name of unless(["ENOENT", "EACCES"], () => Fs.readdirSync(folder)) ?? []) {
    const owner = belongs(name) ? ownerOf(name) : undefined
    if (owner === undefined) continue
    const path = Path.join(folder, name)
    const there = presence(owner)
    if (there === "gone" || (there === "unknown" && isOld(path))) {
      unless(["ENOENT", "EACCES", "EPERM"], () => Fs.unlinkSync(path))
    }
  }
}

const isOld = (path: string): boolean => {
  const stats = Fs.lstatSync(path, { throwIfNoEntry: false })
  return stats !== undefined && Math.abs(Date.now() - stats.mtimeMs) > patience
}
