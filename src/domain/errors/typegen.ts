import * as Data from "effect/Data"

/** Two secret names map to the same Go name. Exit 1. */
export class AccessorsCollide extends Data.TaggedError("AccessorsCollide")<{
  readonly accessor: string
  readonly names: readonly [string, string]
}> {
  override get message(): string {
    const [first, second] = this.names
    return (
      `${first} and ${second} would both be Secrets.${this.accessor} in Go.\n` +
      `Rename one of them: tako secrets set OTHER_NAME, then tako secrets rm ${second} --all-envs`
    )
  }
}

/** Neither package.json nor go.mod shows which language to generate. Exit 2. */
export class LanguageUnknown extends Data.TaggedError("LanguageUnknown")<{
  readonly root: string
}> {
  override get message(): string {
    return (
      `${this.root} has neither a package.json nor a go.mod, so the language is unknown.\n` +
      "Name it: tako typegen --lang ts, or tako typegen --lang go"
    )
  }
}
