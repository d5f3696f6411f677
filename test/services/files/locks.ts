import * as Fs from "node:fs"
import { type Owner, ourselves } from "../../../src/services/files/owner.ts"
import { newToken } from "../../../src/services/files/replace.ts"

/** A process that has ended: our pid, but with the start time of an earlier process. */
export const goneOwner = (): Owner => ({ ...ourselves(), start: "1" })

/** The content of this owner's lock file. */
export const lockText = (owner: Owner, token = newToken()): string =>
  `${JSON.stringify({ token, boot: owner.boot, namespace: owner.namespace, pid: owner.pid, start: owner.start })}\n`

/** Replaces whatever lock there is by that of a process that has ended. */
export const abandonLock = (path: string): void => {
  const beside = `${path}-${process.pid}-abandoned`
  Fs.writeFileSync(beside, lockText(goneOwner()))
  Fs.renameSync(beside, `${path}.lock`)
}

export const makeOld = (path: string, seconds = 61): void => {
  const then = Date.now() / 1000 - seconds
  Fs.utimesSync(path, then, then)
}
