import * as Fs from "node:fs"
import { type Owner, ourselves } from "../../../src/services/files/owner.ts"
import { newToken } from "../../../src/services/files/replace.ts"

/** A process that is gone: our own pid, given to another one before us. */
export const goneOwner = (): Owner => ({ ...ourselves(), start: "1" })

/** What the lock file of that owner holds. */
export const lockText = (owner: Owner, token = newToken()): string =>
  `${JSON.stringify({ token, boot: owner.boot, namespace: owner.namespace, pid: owner.pid, start: owner.start })}\n`

/** Puts a lock of a process that is gone in the place of whatever lock there is. */
export const abandonLock = (path: string): void => {
  const beside = `${path}-${process.pid}-abandoned`
  Fs.writeFileSync(beside, lockText(goneOwner()))
  Fs.renameSync(beside, `${path}.lock`)
}

export const makeOld = (path: string, seconds = 61): void => {
  const then = Date.now() / 1000 - seconds
  Fs.utimesSync(path, then, then)
}
