import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Environments } from "../../domain/secrets-file/environments.ts"
import { go } from "../../domain/typegen/go.ts"
import { goPackage } from "../../domain/typegen/go-package.ts"
import { knownNames } from "../../domain/typegen/known-names.ts"
import { typescript } from "../../domain/typegen/typescript.ts"
import { SdkSources } from "../../services/sdk-sources/sdk-sources.ts"
import { SourceTree } from "../../services/source-tree/source-tree.ts"
import { generated, type Language } from "./languages.ts"

/** What the generated file at this path has to say. */
export const render = Effect.fnUntraced(function* (
  environments: Environments,
  language: Language,
  path: string
) {
  const sources = yield* SdkSources
  const names = knownNames(environments)
  return language === "ts"
    ? typescript(names, yield* sources.typescript)
    : yield* go(names, yield* sources.go, yield* packageIn(path.slice(0, -generated.go.length)))
})

/** That of the other files of the folder; of one that stands alone, what it said before, else main. */
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
