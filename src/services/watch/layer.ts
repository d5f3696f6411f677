import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { notificationsFor, type WatchFolder, watchFolder } from "./notifications.ts"
import { Watch } from "./watch.ts"

/** How often to look when the kernel tells as well: network disks, and folders shared with a virtual machine, do not. */
const whenTold = 1000
/** How often to look when it does not. */
const whenNotTold = 200
/** What one save does to a folder comes in several events. */
const burst = 10

/**
 * Compares what stat(2) says of each file, now and then and whenever the kernel notifies of its folder: so nothing is
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
    // A file may be written to twice within what a time stamp tells apart.
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

/** What tells one state of a file from another, without reading it; links are followed. */
export const signatureOf = (path: string): string => {
  try {
    const stats = Fs.statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return "absent"
    const { dev, ino, mode, size, mtimeNs, ctimeNs } = stats
    return [dev, ino, mode, size, mtimeNs, ctimeNs].join(":")
  } catch (error) {
    // EACCES, ELOOP: whatever it is, as long as it is that.
    return String((error as NodeJS.ErrnoException).code)
  }
}
