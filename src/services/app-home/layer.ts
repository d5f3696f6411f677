import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import { NoUserLeft } from "../../domain/errors/rollout.ts"
import { DataUnsafe } from "../../domain/errors/server.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { attempt, unless } from "../files/errno.ts"
import { makePrivateFolder } from "../files/private.ts"
import { AppHome, type Home } from "./app-home.ts"
import { obstacle } from "./obstacle.ts"

/** A range of numeric ids, both ends included, used for users and groups alike. */
export interface IdRange {
  readonly from: number
  readonly to: number
}

const folderOf = (directory: string, app: AppName): string => {
  const { project, environment } = partsOf(app)
  return Path.join(directory, project, environment)
}

/** Every app runs as our own user, so it can read whatever we can. */
export const layerShared = ({ directory }: { readonly directory: string }): Layer.Layer<AppHome> =>
  Layer.succeed(AppHome, {
    obstacle,
    of: (app) => {
      const folder = folderOf(directory, app)
      const user = process.geteuid?.()
      return Effect.as(makePrivateFolder(folder), {
        directory: folder,
        ...omitUndefined({ listensAs: user })
      })
    }
  })

/**
 * Every app runs as a numeric user of its own, without an account. The owner of its folder records which, so the id stays taken
 * as long as the folder exists. Requires root.
 */
export const layerOwnUsers = ({
  directory,
  ids,
  etc
}: {
  readonly directory: string
  readonly ids: IdRange
  readonly etc?: string
}): Layer.Layer<AppHome> =>
  Layer.sync(AppHome, () => {
    const oneAtATime = Effect.unsafeMakeSemaphore(1)
    return {
      obstacle,
      of: (app) =>
        Effect.gen(function* () {
          const folder = folderOf(directory, app)
          yield* makeParentsPassable(directory, Path.dirname(folder))
          const owner = yield* attempt("read", folder, () => ownerOf(folder))
          const uid = owner ?? (yield* assignUser(directory, folder, ids, etc))
          if (uid < ids.from || uid > ids.to) {
            return yield* new DataUnsafe({ path: folder, problem: "foreign-owner", directory: true })
          }
          return { directory: folder, user: { uid, gid: uid }, listensAs: uid } satisfies Home
        }).pipe(oneAtATime.withPermits(1))
    }
  })

/** Undefined if the path does not exist. A symbolic link counts as its own owner's. */
const ownerOf = (path: string): number | undefined => Fs.lstatSync(path, { throwIfNoEntry: false })?.uid

/** Lets apps pass through the folders above their own, without reading them. */
const makeParentsPassable = (directory: string, project: string): Effect.Effect<void, FileFailed> =>
  Effect.zipRight(
    makePrivateFolder(project),
    attempt("write", project, () => {
      for (const folder of [Path.dirname(directory), directory, project]) Fs.chmodSync(folder, 0o711)
    })
  )

/** Creates the folder for a free user id. It is owned by that user before it gets its name. */
const assignUser = (
  directory: string,
  folder: string,
  { from, to }: IdRange,
  etc: string | undefined
): Effect.Effect<number, NoUserLeft | FileFailed> =>
  Effect.flatMap(
    attempt("write", folder, () => {
      const isTaken = takenIds(etc)
      const given = new Set(foldersIn(directory).flatMap((each) => ownerOf(each) ?? []))
      for (let id = from; id <= to; id++) {
        if (isTaken(id) || given.has(id)) continue
        const temporary = Path.join(Path.dirname(folder), `.${Path.basename(folder)}.new`)
        Fs.rmSync(temporary, { recursive: true, force: true })
        Fs.mkdirSync(temporary, 0o700)
        Fs.chownSync(temporary, id, id)
        Fs.renameSync(temporary, folder)
        return id
      }
      return undefined
    }),
    (id) => (id === undefined ? new NoUserLeft({ range: `${from}-${to}` }) : Effect.succeed(id))
  )

/** The folders of all apps, including deleted ones. */
const foldersIn = (directory: string): ReadonlyArray<string> =>
  entries(directory).flatMap((project) => entries(project))

const entries = (folder: string): ReadonlyArray<string> =>
  (unless(["ENOENT", "ENOTDIR"], () => Fs.readdirSync(folder)) ?? []).map((name) => Path.join(folder, name))

interface Range {
  readonly from: number
  readonly to: number
}

/** Ids that are in use: named in passwd(5) or group(5), or in a range of subuid(5) or subgid(5). */
export const takenIds = (etc = "/etc"): ((id: number) => boolean) => {
  const linesOf = (name: string) =>
    read(`${etc}/${name}`)
      .split("\n")
      .map((line) => line.split(":"))
  const named = new Set(
    [...linesOf("passwd"), ...linesOf("group")].map(([, , id]) => Number(id)).filter(Number.isSafeInteger)
  )
  const ranges = [...linesOf("subuid"), ...linesOf("subgid"), ...systemd].map(
    ([, from, count]): Range => ({ from: Number(from), to: Number(from) + Number(count) - 1 })
  )
  return (id) => named.has(id) || ranges.some(({ from, to }) => id >= from && id <= to)
}

/** systemd's dynamic users, and the ids for "nobody" (https://systemd.io/UIDS-GIDS). */
const systemd: ReadonlyArray<ReadonlyArray<string>> = [
  ["", "61184", "4336"],
  ["", "65534", "2"]
]

const read = (path: string): string => {
  try {
    return Fs.readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
