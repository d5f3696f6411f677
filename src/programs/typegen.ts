import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { LanguageUnknown } from "../domain/errors/typegen.ts"
import type { Environments } from "../domain/secrets-file/environments.ts"
import { go, goPackage } from "../domain/typegen/go.ts"
import { knownNames } from "../domain/typegen/known-names.ts"
import { typescript } from "../domain/typegen/typescript.ts"
import { Project } from "../services/project/project.ts"
import { SdkSources } from "../services/sdk-sources/sdk-sources.ts"
import { SecretsFile } from "../services/secrets-file/secrets-file.ts"
import { SourceTree } from "../services/source-tree/source-tree.ts"

/** A generated file, by its path from the root, and its state. */
export interface GeneratedFile {
  readonly path: string
  readonly language: Language
  readonly state: "missing" | "stale" | "current"
}

interface Rendered extends GeneratedFile {
  readonly text: string
}

/** Checks the generated files without writing any, without a key. */
export const checkTypes = Effect.fn("checkTypes")(function* (only: Option.Option<Language>) {
  const files = yield* rendered(yield* environmentsOf, yield* wanted(only))
  return files.map(withoutText)
})

/** Writes those that are missing or stale. Returns the states from before; all are rendered before the first is written. */
export const typegen = Effect.fn("typegen")(function* (only: Option.Option<Language>) {
  return yield* writeAll(yield* wanted(only))
})

/**
 * Updates the existing files after names have changed, and creates none. Returns the paths of those that changed, and the
 * errors of those that could not be written.
 */
export const refreshTypes = Effect.fn("refreshTypes")(function* () {
  const tree = yield* SourceTree
  const existing = yield* tree.find(Object.values(generated))
  const [failures, written] = yield* Effect.partition(existing, (path) =>
    writeAll([{ path, language: languageOf(path) }])
  )
  const changed = written.flat().filter(({ state }) => state !== "current")
  return { changed: changed.map(({ path }) => path), failures }
})

type Wanted = Pick<GeneratedFile, "path" | "language">

const languageOf = (path: string): Language => (path.endsWith(generated.ts) ? "ts" : "go")

const environmentsOf = Effect.flatMap(SecretsFile, (file) => file.read)

const wanted = Effect.fnUntraced(function* (only: Option.Option<Language>) {
  const { existing, languages: detected, newPath } = yield* findPlaces()
  const languages = Option.match(only, { onNone: () => detected, onSome: (language) => [language] })
  if (languages.length === 0) return yield* new LanguageUnknown({ root: (yield* Project).root })
  const files: Array<Wanted> = []
  for (const language of languages) {
    const paths = existing[language]
    for (const path of paths.length > 0 ? paths : [yield* newPath(language)]) files.push({ path, language })
  }
  return files
})

/** Repeats if names change while it writes, so that the last writer does not leave a stale file. */
const writeAll = Effect.fnUntraced(function* (paths: ReadonlyArray<Wanted>) {
  const tree = yield* SourceTree
  const before = yield* rendered(yield* environmentsOf, paths)
  for (let files = before, again = files.some(isOld); again; ) {
    for (const { path, text } of files.filter(isOld)) yield* tree.write(path, text)
    const now = yield* rendered(yield* environmentsOf, paths)
    again = now.some(({ text }, index) => text !== files[index]?.text)
    files = now
  }
  return before.map(withoutText)
})

const isOld = ({ state }: GeneratedFile): boolean => state !== "current"

const rendered = (environments: Environments, paths: ReadonlyArray<Wanted>) =>
  Effect.forEach(paths, ({ path, language }) =>
    Effect.gen(function* () {
      const tree = yield* SourceTree
      const text = yield* render(environments, language, path)
      const before = yield* tree.read(path)
      const state = Option.match(before, {
        onNone: () => "missing" as const,
        // git may have checked it out with other line endings.
        onSome: (before) => (before.replaceAll("\r\n", "\n") === text ? "current" : "stale")
      })
      return { path, language, text, state } satisfies Rendered as Rendered
    })
  )

const withoutText = ({ path, language, state }: Rendered): GeneratedFile => ({ path, language, state })

/** The languages that types are generated for. */
export type Language = "ts" | "go"

export const generated = { ts: "tako.gen.ts", go: "tako_secrets.go" } as const

const allLanguages: ReadonlyArray<Language> = ["ts", "go"]

const manifest = { ts: "package.json", go: "go.mod" } as const

/** Where the generated files of each language are, or would be, as paths from the root. */
interface Places {
  readonly existing: Readonly<Record<Language, ReadonlyArray<string>>>
  /** The languages of the project: it has their manifest at the root, or a generated file. */
  readonly languages: ReadonlyArray<Language>
  /** Where to create the first file. */
  readonly newPath: (language: Language) => Effect.Effect<string>
}

const findPlaces = Effect.fnUntraced(function* () {
  const tree = yield* SourceTree
  const paths = yield* tree.find([generated.ts, generated.go, manifest.go])
  const atRoot = yield* tree.files("")
  const named = (name: string) => paths.filter((path) => path === name || path.endsWith(`/${name}`))
  const existing = { ts: named(generated.ts), go: named(generated.go) }
  const newPath = Effect.fnUntraced(function* (language: Language) {
    if (language === "go") {
      const [nearest = manifest.go] = named(manifest.go)
      return nearest.slice(0, -manifest.go.length) + generated.go
    }
    for (const folder of ["src", "app"]) {
      if (yield* tree.hasFolder(folder)) return `${folder}/${generated.ts}`
    }
    return generated.ts
  })
  return {
    existing,
    languages: allLanguages.filter(
      (language) => atRoot.includes(manifest[language]) || existing[language].length > 0
    ),
    newPath
  } satisfies Places
})

const render = Effect.fnUntraced(function* (environments: Environments, language: Language, path: string) {
  const sources = yield* SdkSources
  const names = knownNames(environments)
  return language === "ts"
    ? typescript(names, yield* sources.typescript)
    : yield* go(names, yield* sources.go, yield* packageIn(path.slice(0, -generated.go.length)))
})

/** The package of the other files in the folder; if there are none, that of the existing generated file, else main. */
const packageIn = Effect.fnUntraced(function* (folder: string) {
  const tree = yield* SourceTree
  const files = yield* tree.files(folder === "" ? "" : folder.slice(0, -1))
  const others = files.filter((file) => file !== generated.go)
  for (const file of [...others, generated.go]) {
    if (!file.endsWith(".go")) continue
    const text = yield* tree.read(folder + file)
    const name = goPackage(
      file,
      Option.getOrElse(text, () => "")
    )
    if (name !== undefined) return name
  }
  return "main"
})
