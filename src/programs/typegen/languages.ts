import * as Effect from "effect/Effect"
import { SourceTree } from "../../services/source-tree/source-tree.ts"

/** What types are written in. */
export type Language = "ts" | "go"

export const generated = { ts: "tako.gen.ts", go: "tako_secrets.go" } as const

const manifest = { ts: "package.json", go: "go.mod" } as const

/** Where the generated files of each language are or would be, as paths from the root. */
export interface Places {
  readonly existing: Readonly<Record<Language, ReadonlyArray<string>>>
  /** Told by the file at the root, or by a generated one that is there. */
  readonly told: ReadonlyArray<Language>
  /** Of a file that is not there yet. */
  readonly fresh: (language: Language) => Effect.Effect<string>
}

/** Looks through the project once. */
export const places = Effect.fnUntraced(function* () {
  const tree = yield* SourceTree
  const found = yield* tree.find([generated.ts, generated.go, manifest.go])
  const atRoot = yield* tree.files("")
  const named = (name: string) => found.filter((path) => path === name || path.endsWith(`/${name}`))
  const existing = { ts: named(generated.ts), go: named(generated.go) }
  const languages: ReadonlyArray<Language> = ["ts", "go"]
  const fresh = Effect.fnUntraced(function* (language: Language) {
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
    told: languages.filter(
      (language) => atRoot.includes(manifest[language]) || existing[language].length > 0
    ),
    fresh
  } satisfies Places
})
