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
import { makePrivateFolder, unchangeable } from "../files/private.ts"
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
export const layerShared = ({ directory }: { readonly directory: string }): Layer.Layer<AppHome> => {
  const home = (folder: string): Home => ({
    directory: folder,
    isUserExclusive: false,
    ...omitUndefined({ listensAs: process.geteuid?.() })
  })
  return Layer.succeed(AppHome, {
    obstacle,
    of: (app) => {
      const folder = folderOf(directory, app)
      return Effect.as(makePrivateFolder(folder), home(folder))
    },
    all: Effect.sync(() => foldersIn(directory).map(home))
  })
}

/** Where servers note which of them uses a user id. The next boot empties it, and only root can write there. */
const defaultClaims = "/run/tako/uids"

/**
 * Every app runs as a numeric user of its own, without an account. The owner of its folder records which, so the id stays taken
 * as long as the folder exists. Servers with the same range avoid each other's ids by the notes in `claims`. Requires root.
 */
export const layerOwnUsers = ({
  directory,
  ids,
  etc,
  claims = defaultClaims
}: {
  readonly directory: string
  readonly ids: IdRange
  readonly etc?: string
  readonly claims?: string
}): Layer.Layer<AppHome> =>
  Layer.sync(AppHome, () => {
    const oneAtATime = Effect.unsafeMakeSemaphore(1)
    const isInRange = (uid: number) => uid >= ids.from && uid <= ids.to
    const home = (folder: string, uid: number): Home => ({
      directory: folder,
      user: { uid, gid: uid },
      isUserExclusive: claim(claims, uid, directory) === "ours",
      listensAs: uid
    })
    return {
      obstacle,
      of: (app) =>
        Effect.gen(function* () {
          const folder = folderOf(directory, app)
          yield* makeParentsPassable(directory, Path.dirname(folder))
          const owner = yield* attempt("read", folder, () => ownerOf(folder))
          const uid = owner ?? (yield* assignUser({ directory, folder, ids, etc, claims }))
          if (!isInRange(uid)) {
            return yield* new DataUnsafe({ path: folder, problem: "foreign-owner", directory: true })
          }
          return home(folder, uid)
        }).pipe(oneAtATime.withPermits(1)),
      all: Effect.sync(() =>
        foldersIn(directory).flatMap((folder) => {
          const owner = ownerOf(folder)
          return owner !== undefined && isInRange(owner) ? [home(folder, owner)] : []
        })
      )
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
const assignUser = ({
  directory,
  folder,
  ids: { from, to },
  etc,
  claims
}: {
  readonly directory: string
  readonly folder: string
  readonly ids: IdRange
  readonly etc: string | undefined
  readonly claims: string
}): Effect.Effect<number, NoUserLeft | FileFailed> =>
  Effect.flatMap(
    attempt("write", folder, () => {
      const isTaken = takenIds(etc)
      const given = new Set(foldersIn(directory).flatMap((each) => ownerOf(each) ?? []))
      for (let id = from; id <= to; id++) {
        if (isTaken(id) || given.has(id) || claim(claims, id, directory) === "theirs") continue
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

/**
 * Notes that the server with this folder of homes uses the user id, unless another one has. Two servers with the same range would
 * otherwise give their apps the same user, and each would kill the other's processes as leftovers of its own.
 */
const claim = (claims: string, uid: number, directory: string): "ours" | "theirs" | "unknown" => {
  const path = Path.join(claims, `${uid}`)
  const note = `${directory}\n`
  try {
    Fs.mkdirSync(claims, { recursive: true, mode: 0o755 })
    const { uid: owner, mode } = Fs.lstatSync(claims)
    if (owner !== process.geteuid?.() || (mode & unchangeable) !== 0) return "unknown"
    // Linked when it is whole, so that nobody reads half a note.
    const temporary = Path.join(claims, `.${uid}.${process.pid}`)
    try {
      Fs.writeFileSync(temporary, note, { mode: 0o600 })
      unless(["EEXIST"], () => Fs.linkSync(temporary, path))
      const noted = Fs.readFileSync(path, "utf8")
      if (noted === note) return "ours"
      if (Fs.existsSync(noted.trimEnd())) return "theirs"
      // That server is gone. Should two take its id over at once, the one that lost it finds out when it asks again.
      Fs.renameSync(temporary, path)
      return "ours"
    } finally {
      Fs.rmSync(temporary, { force: true })
    }
  } catch {
    return "unknown"
  }
}

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
