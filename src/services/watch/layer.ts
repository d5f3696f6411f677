import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { notificationsFor, type WatchFolder, watchFolder } from "./notifications.ts"
import { Watch } from "./watch.ts"

/** The polling interval when the kernel notifies as well: it does not for network disks and folders shared with a virtual machine. */
const whenTold = 1000
/** The polling interval when it does not. */
const whenNotTold = 200
/** One save causes several events in a folder. */
const burst = 10

/**
 * Compares stat(2) of each file, periodically and whenever the kernel reports a change in its folder, so nothing is
 * missed where notifications fail, run out or do not exist.
 */
export const layerOf = (watch: WatchFolder): Layer.Layer<Watch> =>
  Layer.succeed(Watch, {
    open: (paths) =>
      Effect.gen(function* () {
        const changes = yield* Queue.sliding<void>(1)
        yield* Effect.acquireRelease(
          Effect.sync(() => lookAfter(paths, watch, () => Queue.unsafeOffer(changes, undefined))),
          (stop) => Effect.sync(stop)
        )
        return { changed: Queue.take(changes) }
      })
  })

export const layer: Layer.Layer<Watch> = layerOf(watchFolder)

const lookAfter = (paths: ReadonlyArray<string>, watch: WatchFolder, onChange: () => void): (() => void) => {
  const signatures = () => paths.map(signatureOf).join("\n")
  let seen = signatures()
  let certain = false
  let timer: NodeJS.Timeout | undefined
  let soon = false
  const lookIn = (millis: number) => {
    clearTimeout(timer)
    timer = setTimeout(look, millis)
  }
  const notifications = notificationsFor(paths, watch, (isOneOfThem) => {
    // A file may be written twice within the resolution of its time stamps.
    certain ||= isOneOfThem
    if (!soon) lookIn(burst)
    soon = true
  })
  const look = () => {
    soon = false
    const isTold = notifications.renew()
    const now = signatures()
    if (certain || now !== seen) onChange()
    certain = false
    seen = now
    lookIn(isTold ? whenTold : whenNotTold)
  }
  lookIn(notifications.renew() ? whenTold : whenNotTold)
  return () => {
    clearTimeout(timer)
    notifications.close()
  }
}

/** Distinguishes states of a file without reading it; follows links. */
export const signatureOf = (path: string): string => {
  try {
    const stats = Fs.statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return "absent"
    const { dev, ino, mode, size, mtimeNs, ctimeNs } = stats
    return [dev, ino, mode, size, mtimeNs, ctimeNs].join(":")
  } catch (error) {
    // EACCES, ELOOP: not readable, but still a state to compare.
    return String((error as NodeJS.ErrnoException).code)
  }
}
