import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { EnvironmentName } from "../../../domain/names.ts"
import { type Listing, ls as listSecrets, type Presence } from "../../../programs/secrets/ls.ts"
import type { Ink } from "../../command-line/ink.ts"
import { leaf } from "../command.ts"
import { Style } from "../context.ts"
import { environmentFlag, givenEnvironment } from "../names.ts"
import { counted, jsonFlag, outJson, outTable, say } from "../output.ts"
import { type Cell, headings } from "../table.ts"

export const ls = leaf(
  "ls",
  {
    aliases: ["list", "show"],
    summary: "List secrets and the environments they are set in; needs no key",
    example: "tako secrets ls",
    flags: { environment: environmentFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const only = yield* givenEnvironment(input.environment)
      const listing = yield* listSecrets(Option.toArray(only))
      if (input.json) return yield* outJson(toJson(listing))
      if (listing.secrets.length === 0) {
        return yield* say("There are no secrets yet. Set one: tako secrets set NAME --env development")
      }
      const { out } = yield* Style
      yield* outTable([
        headings("SECRET", ...listing.environments)(out),
        ...listing.secrets.map(
          ({ name, presence }): ReadonlyArray<Cell> => [
            name,
            ...listing.environments.map((environment) => cell(presence.get(environment) ?? "absent", out))
          ]
        )
      ])
      for (const environment of listing.environments) yield* printMissing(listing, environment)
    })
)

const cell = (presence: Presence, ink: Ink): Cell => {
  switch (presence) {
    case "set":
      return ["set", ink.green]
    case "missing":
      return ["missing", ink.yellow]
    case "absent":
      return ["-", ink.dim]
  }
}

const printMissing = Effect.fnUntraced(function* ({ secrets }: Listing, environment: EnvironmentName) {
  const missing = secrets.filter(({ presence }) => presence.get(environment) === "missing")
  const first = missing[0]
  if (first === undefined) return
  const verb = missing.length === 1 ? "is" : "are"
  yield* say(
    `\n${counted(missing.length, "secret")} ${verb} missing in ${environment}: ` +
      `tako secrets set ${first.name} --env ${environment}`
  )
})

const toJson = ({ environments, secrets }: Listing) => ({
  environments,
  secrets: secrets.map(({ name, presence }) => ({ name, environments: Object.fromEntries(presence) }))
})
