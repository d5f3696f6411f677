import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import { NoUserLeft } from "../../domain/errors/rollout.ts"
import { DataUnsafe } from "../../domain/errors/server.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { attempt, unless } from "../files/attempt.ts"
import { makePrivateFolder } from "../files/private.ts"
import { AppHome, type Home } from "./app-home.ts"
import { obstacle } from "./obstacle.ts"

/** Numeric user ids, both ends included; each is a group's as well. */
export interface IdRange {
  readonly from: number
  readonly to: number
}

const folderOf = (directory: string, app: AppName): string => {
  const { project, environment } = partsOf(app)
  return Path.join(directory, project, environment)
}

/** Every app is us: it can read what we can. */
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
 * Every app is a numeric user of its own, for which there is no account. Whose an app's folder is tells which; as long as
 * it is there, nobody else is given that user. Takes root.
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
          yield* openWays(directory, Path.dirname(folder))
          const owner = yield* attempt("read", folder, () => ownerOf(folder))
          const uid = owner ?? (yield* give(directory, folder, ids, etc))
          if (uid < ids.from || uid > ids.to) {
            return yield* new DataUnsafe({ path: folder, problem: "foreign-owner", directory: true })
          }
          return { directory: folder, user: { uid, gid: uid }, listensAs: uid } satisfies Home
        }).pipe(oneAtATime.withPermits(1))
    }
  })

/** Undefined when it is not there. A link is whose it is, which is nobody's of ours. */
const ownerOf = (path: string): number | undefined => Fs.lstatSync(path, { throwIfNoEntry: false })?.uid

/** Folders above an app's, which it has to pass and cannot read. */
const openWays = (directory: string, project: string): Effect.Effect<void, FileFailed> =>
  Effect.zipRight(
    makePrivateFolder(project),
    attempt("write", project, () => {
      for (const folder of [Path.dirname(directory), directory, project]) Fs.chmodSync(folder, 0o711)
    })
  )

/** Somebody's from its first moment under its name. */
const give = (
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
        const beside = Path.join(Path.dirname(folder), `.${Path.basename(folder)}.new`)
        Fs.rmSync(beside, { recursive: true, force: true })
        Fs.mkdirSync(beside, 0o700)
        Fs.chownSync(beside, id, id)
        Fs.renameSync(beside, folder)
        return id
      }
      return undefined
    }),
    (id) => (id === undefined ? new NoUserLeft({ range: `${from}-${to}` }) : Effect.succeed(id))
  )

/** Those of all apps, and of those that are gone. */
const foldersIn = (directory: string): ReadonlyArray<string> =>
  entries(directory).flatMap((project) => entries(project))

const entries = (folder: string): ReadonlyArray<string> =>
  (unless(["ENOENT", "ENOTDIR"], () => Fs.readdirSync(folder)) ?? []).map((name) => Path.join(folder, name))

interface Range {
  readonly from: number
  readonly to: number
}

/** Numeric ids that somebody has: by name in passwd(5) and group(5), or in a range of subuid(5) and subgid(5). */
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

/** systemd's dynamic users, and what stands for nobody (https://systemd.io/UIDS-GIDS). */
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
