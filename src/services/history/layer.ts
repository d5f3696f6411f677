import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { printable } from "../../domain/printable.ts"
import { isInside } from "../files/paths-within.ts"
import { type Ended, run } from "../helper-program/helper-program.ts"
import { Project } from "../project/project.ts"
import { type Commit, History, type Version, type Versions } from "./history.ts"

/** The git history of the project's folder; relative paths are relative to the project's root. */
export const layer: Layer.Layer<History, never, Project> = Layer.effect(
  History,
  Effect.map(Project, ({ root }) => {
    const succeeds = (commandLine: ReadonlyArray<string>) =>
      Effect.map(git(root, commandLine), (answer) => Option.isSome(answer) && answer.value.exitCode === 0)
    return {
      commitThatAdded: Effect.fn("History.commitThatAdded")(function* (path: string, text: string) {
        const needle = text.slice(0, searchLength)
        const file = Path.resolve(root, path)
        const find = (merges: ReadonlyArray<string>) =>
          Effect.map(git(root, [...log, ...merges, `-S${needle}`, "--", file]), (answer) =>
            Option.flatMap(answer, ({ stdout }) => commitFrom(stdout.toString("utf8")))
          )
        const ordinary = yield* find([])
        // Then it was added by a merge, or not at all.
        const commit = Option.isSome(ordinary) ? ordinary : yield* find(["-c"])
        if (Option.isNone(commit)) return commit
        // The last commit that changed the number of occurrences may also have removed the text.
        const { hash } = commit.value
        const contains = yield* succeeds([...grep, "-e", needle, hash, "--", file])
        return contains ? commit : Option.none()
      }),
      versionsWith: Effect.fn("History.versionsWith")(function* (path: string, text: string) {
        return isInRepository(root) ? yield* versionsIn(root, Path.resolve(root, path), text) : noVersions
      }),
      isIgnored: Effect.fn("History.isIgnored")((path: string) =>
        succeeds(["check-ignore", "--quiet", "--", Path.resolve(root, path)])
      )
    }
  })
)

const noVersions: Versions = { found: [], missing: Option.none() }

const versionsIn = Effect.fnUntraced(function* (root: string, file: string, text: string) {
  const head = yield* git(root, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
  // 1 and nothing on stdout: nothing has been committed yet.
  if (Option.exists(head, ({ exitCode, stdout }) => exitCode === 1 && stdout.length === 0)) return noVersions
  const shallow = yield* git(root, ["rev-parse", "--is-shallow-repository"])
  const isShallow = Option.map(shallow, ({ stdout }) => stdout.toString("utf8").trim())
  const listed = yield* git(root, [...changesOf(text), ...pathspecsOf(root, file)])
  const changes = Option.map(listed, ({ stdout }) => changesFrom(stdout.toString("utf8")))
  const wanted = Option.getOrElse(changes, (): ReadonlyArray<Change> => [])
  const blobs = yield* contentsOf(root, [...new Set(wanted.map(({ blob }) => blob))])
  const found = wanted.flatMap(({ commit, blob }): ReadonlyArray<Version> => {
    const content = blobs.get(blob)
    return content === undefined ? [] : [{ commit, content }]
  })
  const isWhole =
    Option.contains(isShallow, "false") &&
    Option.exists(listed, ({ exitCode }) => exitCode === 0) &&
    found.length === wanted.length
  const missing = isWhole
    ? Option.none<"shallow" | "failed">()
    : Option.some(Option.contains(isShallow, "true") ? ("shallow" as const) : ("failed" as const))
  return { found, missing } satisfies Versions as Versions
})

/** Runs git for at most 10 s; none if it cannot be started, takes longer, is killed, or prints more than the limit. */
const git = (
  directory: string,
  args: ReadonlyArray<string>,
  { stdin, outputLimit = 1024 * 1024 }: { readonly stdin?: Uint8Array; readonly outputLimit?: number } = {}
): Effect.Effect<Option.Option<Ended>> =>
  run({
    program: "git",
    args: [...safeOptions, ...args],
    environment: environment(),
    directory,
    timeLimit: 10_000,
    outputLimit,
    ...omitUndefined({ stdin })
  }).pipe(Effect.option, Effect.map(Option.filter(({ exitCode }) => exitCode !== null)))

// Keeps git from starting programs that a repository's own configuration names.
const safeOptions = [
  "--no-pager",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "log.showSignature=false"
]

// Excludes GIT_DIR and the like, which git sets when it runs tako as a hook, and TAKO_PASSPHRASE.
const inheritedVariables = ["PATH", "HOME", "XDG_CONFIG_HOME"]

const environment = (): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => inheritedVariables.includes(name))),
  LC_ALL: "C",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_ALLOW_PROTOCOL: ""
})

// This much of a sealed value contains its nonce, so no two values share it.
const searchLength = 40

const plain = [
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--encoding=UTF-8",
  "--format=%H%x00%an%x00%aI%x00%s"
]

const log = ["--literal-pathspecs", "log", "-1", "--no-patch", ...plain]

const grep = ["--literal-pathspecs", "grep", "--quiet", "--fixed-strings", "--no-textconv"]

/**
 * Everything that could hide a change is switched off: simplified history, which follows one parent of a merge (git-log(1),
 * History Simplification), merges without a diff, attributes that call the file binary, and replaced objects.
 */
const changesOf = (text: string): ReadonlyArray<string> => [
  "-c",
  "log.showRoot=true",
  "-c",
  "log.diffMerges=separate",
  "--literal-pathspecs",
  "log",
  "--full-history",
  "-m",
  "--raw",
  "--no-abbrev",
  "--no-renames",
  "--text",
  `-G${text.replace(/[^A-Za-z0-9"]/g, "\\$&")}`,
  ...plain,
  "--"
]

/** The file, and what it links to: git has the content under that name. */
const pathspecsOf = (root: string, file: string): ReadonlyArray<string> => {
  try {
    const real = Fs.realpathSync.native(file)
    return isInside(root, real) && real !== file ? [file, real] : [file]
  } catch {
    return [file]
  }
}

interface Change {
  readonly commit: Commit
  /** The name of the file's content after it. */
  readonly blob: string
}

/** git-log(1), Raw output format: ":100644 100644 OLD NEW M<tab>PATH" after the line of its commit. */
const changesFrom = (output: string): ReadonlyArray<Change> => {
  const changes: Array<Change> = []
  let commit = Option.none<Commit>()
  for (const line of output.split("\n")) {
    const [, blob] = /^:\d{6} \d{6} [0-9a-f]{40,64} ([0-9a-f]{40,64}) [A-Z]/.exec(line) ?? []
    if (line.includes("\0")) commit = commitFrom(line)
    else if (blob !== undefined && Option.isSome(commit) && !/^0+$/.test(blob)) {
      changes.push({ commit: commit.value, blob })
    }
  }
  return changes
}

/** The contents of blobs by their names, as far as they are here: git-cat-file(1), Batch output. */
const contentsOf = Effect.fnUntraced(function* (root: string, blobs: ReadonlyArray<string>) {
  const contents = new Map<string, Uint8Array>()
  if (blobs.length === 0) return contents
  const stdin = Buffer.from(`${blobs.join("\n")}\n`)
  const answer = yield* git(root, ["cat-file", "--batch"], { stdin, outputLimit: maxContents })
  let left = Option.match(answer, { onNone: () => Buffer.alloc(0), onSome: ({ stdout }) => stdout })
  while (left.length > 0) {
    const end = left.indexOf("\n")
    const [, name, size] = /^([0-9a-f]+) blob (\d+)$/.exec(left.toString("latin1", 0, end)) ?? []
    if (name !== undefined) contents.set(name, left.subarray(end + 1, end + 1 + Number(size)))
    left = left.subarray(end + 1 + (size === undefined ? 0 : Number(size) + 1))
    if (end < 0) break
  }
  return contents
})

const maxContents = 256 * 1024 * 1024

const isInRepository = (root: string): boolean => {
  for (let folder = root; ; folder = Path.dirname(folder)) {
    if (Fs.existsSync(Path.join(folder, ".git"))) return true
    if (Path.dirname(folder) === folder) return false
  }
}

const commitFrom = (output: string): Option.Option<Commit> => {
  const [hash, author, date, subject] = output.trimEnd().split("\0")
  if (hash === undefined || author === undefined || date === undefined || subject === undefined)
    return Option.none()
  if (!/^[0-9a-f]{40,64}$/.test(hash)) return Option.none()
  return Option.some({
    hash,
    author: shown(author, 60),
    date: shown(date, 32),
    subject: shown(subject, 100)
  })
}

/** Makes text of a commit fit to show: anybody can write one, of any length. */
const shown = (text: string, maxLength: number): string => {
  const characters = [...printable(text)]
  return characters.length > maxLength
    ? `${characters.slice(0, maxLength - 1).join("")}…`
    : characters.join("")
}
