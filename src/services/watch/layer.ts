import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { notificationsFor, type WatchFolder, watchFolder } from "./notifications.ts"
import { Watch } from "./watch.ts"

/** The polling interval when the kernel notifies as well: it does not for network disks and folders shared with a virtual machine. */
const withNotifications = 1000
/** The polling interval when it does not. */
const withoutNotifications = 200
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
          Effect.sync(() => watchPaths(paths, watch, () => Queue.unsafeOffer(changes, undefined))),
          (stop) => Effect.sync(stop)
        )
        return { changed: Queue.take(changes) }
      })
  })

export const layer: Layer.Layer<Watch> = layerOf(watchFolder)

const watchPaths = (paths: ReadonlyArray<string>, watch: WatchFolder, onChange: () => void): (() => void) => {
  const signatures = () => paths.map(signatureOf).join("\n")
  let seen = signatures()
  let isWritten = false
  let timer: NodeJS.Timeout | undefined
  let isScheduled = false
  const checkIn = (millis: number) => {
    clearTimeout(timer)
    timer = setTimeout(check, millis)
  }
  const notifications = notificationsFor(paths, watch, (isWatchedName) => {
    // A file may be written twice within the resolution of its time stamps.
    isWritten ||= isWatchedName
    if (!isScheduled) checkIn(burst)
    isScheduled = true
  })
  const check = () => {
    isScheduled = false
    const isNotified = notifications.renew()
    const now = signatures()
    if (isWritten || now !== seen) onChange()
    isWritten = false
    seen = now
    checkIn(isNotified ? withNotifications : withoutNotifications)
  }
  checkIn(notifications.renew() ? withNotifications : withoutNotifications)
  return () => {
    clearTimeout(timer)
    notifications.close()
  }
}

/** Distinguishes states of a file without reading it; follows links. */
const signatureOf = (path: string): string => {
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
