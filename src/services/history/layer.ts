import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { printable } from "../../domain/printable.ts"
import { type Ended, run } from "../helper-program/helper-program.ts"
import { Project } from "../project/project.ts"
import { type Commit, History } from "./history.ts"

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
      isIgnored: Effect.fn("History.isIgnored")((path: string) =>
        succeeds(["check-ignore", "--quiet", "--", Path.resolve(root, path)])
      )
    }
  })
)

/** Runs git for at most 10 s; none if it cannot be started, takes longer, is killed, or prints more than 1 MiB. */
const git = (directory: string, args: ReadonlyArray<string>): Effect.Effect<Option.Option<Ended>> =>
  run({
    program: "git",
    args: [...safeOptions, ...args],
    environment: environment(),
    directory,
    timeLimit: 10_000,
    outputLimit: 1024 * 1024
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
  GIT_ALLOW_PROTOCOL: ""
})

// This much of a sealed value contains its nonce, so no two values share it.
const searchLength = 40

const log = [
  "--literal-pathspecs",
  "log",
  "-1",
  "--no-ext-diff",
  "--no-textconv",
  "--no-patch",
  "--no-color",
  "--encoding=UTF-8",
  "--format=%H%x00%an%x00%aI%x00%s"
]

const grep = ["--literal-pathspecs", "grep", "--quiet", "--fixed-strings", "--no-textconv"]

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
