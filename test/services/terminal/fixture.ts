import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import { converse } from "../../../src/services/terminal/contract.ts"
import { layer } from "../../../src/services/terminal/layer.ts"

// Asks the questions in its first argument, and writes the answers to the file that its second one names.
const [turns, answers] = process.argv.slice(2) as [string, string]
if (process.env.LISTENS === "yes") process.once("SIGTERM", () => {})
process.once("SIGUSR2", () => process.exit(7))

Effect.runPromise(Effect.provide(converse(JSON.parse(turns)), layer)).then((results) => {
  Fs.writeFileSync(answers, JSON.stringify(results))
})
