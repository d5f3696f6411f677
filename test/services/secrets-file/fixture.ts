import * as Effect from "effect/Effect"
import { set } from "../../../src/services/secrets-file/contract.ts"
import { provideIn } from "./project.ts"

// Sets secrets one after the other: `fixture <root> <count> <prefix>`, started by a line on stdin.

const [root = "", count = "", prefix = ""] = process.argv.slice(2)

const setAll = Effect.forEach(Array.from({ length: Number(count) }), (_, i) => set(`${prefix}_${i}`), {
  discard: true
})

process.stdout.write("ready\n")
process.stdin.once("data", () => {
  process.stdin.destroy()
  Effect.runPromise(provideIn(root)(setAll)).catch((error) => {
    process.stderr.write(`${error}\n`)
    process.exitCode = 1
  })
})
