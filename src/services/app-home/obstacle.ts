import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { Obstacle } from "../../domain/errors/rollout.ts"
import { run } from "../helper-program/helper-program.ts"
import type { Home } from "./app-home.ts"

/**
 * Finds the first folder on the way to a directory that the app's user may not enter. An ACL may allow what the permission bits
 * deny, so a denial is verified by trying as that user.
 */
export const obstacle = ({ user }: Home, directory: string): Effect.Effect<Obstacle | undefined> =>
  Effect.suspend(() => {
    const path = realDirectory(directory)
    if (path === undefined) return Effect.succeed<Obstacle>({ _tag: "Missing" })
    const folder = user === undefined ? undefined : pathFromRoot(path).find((each) => !mayEnter(user, each))
    return user === undefined || folder === undefined
      ? Effect.succeed(undefined)
      : Effect.map(isDenied(user, path), (denied): Obstacle | undefined =>
          denied ? { _tag: "Closed", folder, user: user.uid } : undefined
        )
  })

type User = NonNullable<Home["user"]>

const realDirectory = (directory: string): string | undefined => {
  try {
    const path = Fs.realpathSync(directory)
    return Fs.statSync(path).isDirectory() ? path : undefined
  } catch {
    return undefined
  }
}

/** The path and its parents, from the root down. */
const pathFromRoot = (path: string): ReadonlyArray<string> => {
  const parent = Path.dirname(path)
  return parent === path ? [path] : [...pathFromRoot(parent), path]
}

const mayEnter = ({ uid, gid }: User, folder: string): boolean => {
  const stats = Fs.statSync(folder)
  const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0
  return ((stats.mode >> shift) & 1) === 1
}

/** Tries as the user. If that is impossible, the directory counts as accessible, and the instance itself will fail. */
const isDenied = (user: User, directory: string): Effect.Effect<boolean> =>
  run({
    program: "test",
    args: ["-x", directory],
    user,
    directory: "/",
    environment: { PATH: "/usr/bin:/bin" },
    timeLimit: 10_000
  }).pipe(
    Effect.map(({ exitCode }) => exitCode === 1),
    Effect.orElseSucceed(() => false)
  )
