/**
 * Tries every way to look at the secrets as a whole, and prints the results. Appended to an import of the generated
 * file.
 */
export const probe = `
import assert from "node:assert"
import { format, inspect } from "node:util"
import { Worker } from "node:worker_threads"
import { serialize } from "node:v8"
// The canary is passed reversed, because the diagnostic report contains the command line.
const canary = [...process.argv[2]].reverse().join("")
const seen = {}
const attempt = (name, look) => {
  try { seen[name] = look() } catch (error) { seen[name] = "threw " + error.name; seen.errors = (seen.errors ?? "") + inspect(error, { showHidden: true, depth: 9 }) }
}
attempt("value", () => secrets.DATABASE_URL === canary)
attempt("String", () => String(secrets))
attempt("template", () => \`\${secrets}\`)
attempt("concatenated", () => "" + secrets)
attempt("JSON", () => JSON.stringify({ secrets }))
attempt("inspect", () => inspect(secrets))
attempt("inside", () => inspect({ secrets }))
attempt("hidden", () => inspect(secrets, { showHidden: true, showProxy: true, getters: true, depth: 9 }))
attempt("uncustomised", () => inspect(secrets, { showHidden: true, customInspect: false, showProxy: true, getters: true, depth: 9 }))
attempt("%o", () => format("%o", secrets))
attempt("%O %s %j", () => format("%O %s %j", secrets, secrets, secrets))
attempt("spread", () => ({ ...secrets }))
attempt("entries", () => Object.entries(secrets))
attempt("names", () => Reflect.ownKeys(secrets))
attempt("for in", () => { const keys = []; for (const key in secrets) keys.push(key); return keys })
attempt("descriptors", () => Object.getOwnPropertyDescriptors(secrets))
attempt("descriptor", () => Object.getOwnPropertyDescriptor(secrets, "DATABASE_URL") ?? "none")
attempt("assigned", () => Object.assign({}, secrets))
attempt("cloned", () => structuredClone(secrets))
attempt("serialized", () => serialize(secrets).toString("latin1"))
attempt("set", () => { secrets.DATABASE_URL = "x" })
attempt("set sloppily", () => new Function("secrets", "secrets.DATABASE_URL = 1")(secrets))
attempt("delete", () => { delete secrets.DATABASE_URL })
attempt("delete sloppily", () => new Function("secrets", "delete secrets.DATABASE_URL")(secrets))
attempt("define", () => Object.defineProperty(secrets, "DATABASE_URL", { value: "x" }))
attempt("setPrototypeOf", () => Object.setPrototypeOf(secrets, {}))
attempt("undelivered", () => secrets.PRODUCTION_ONLY)
attempt("undelivered message", () => { try { secrets.PRODUCTION_ONLY } catch (error) { return error.message } })
attempt("in", () => ["DATABASE_URL" in secrets, "PRODUCTION_ONLY" in secrets, "then" in secrets])
attempt("others", () => ["then", "$$typeof", "asymmetricMatch", "nodeType", "constructor", "__proto__", "valueOf", "length", "@@iterator", Symbol.iterator, Symbol.toPrimitive, Symbol.toStringTag].filter((key) => secrets[key] !== undefined).map(String))
attempt("awaited", () => { Promise.resolve(secrets); return "fine" })
attempt("assertion", () => { try { assert.deepStrictEqual(secrets, { DATABASE_URL: "x" }) } catch (error) { return inspect(error, { depth: 9, showHidden: true }) + error.message } })
attempt("bag", () => inspect([globalThis[Symbol.for("tako/fd3/v1")], Object.getOwnPropertyDescriptor(globalThis, Symbol.for("tako/fd3/v1"))], { showHidden: true, depth: 9 }).includes(canary))
attempt("global keys", () => Object.getOwnPropertySymbols(globalThis).some((key) => key.description === "tako/fd3/v1" && Object.propertyIsEnumerable.call(globalThis, key)))
attempt("report", () => { const { javascriptHeap, ...report } = process.report.getReport(); return JSON.stringify(report).includes(canary) })
attempt("environment", () => [process.env.TAKO_PIPE ?? "none", JSON.stringify([process.env, process.argv0, process.execArgv]).includes(canary)])
const fresh = new Worker(
  "const { getEnvironmentData, parentPort } = require('worker_threads');" +
  "parentPort.postMessage(require('util').inspect(getEnvironmentData('tako/fd3/v1'), { showHidden: true, depth: 9 }))",
  { eval: true }
)
fresh.once("message", (shown) => {
  seen["in a worker"] = shown.includes(canary)
  const { value, ...rest } = seen
  const text = JSON.stringify(rest)
  console.log(JSON.stringify({ value, leaked: text.includes(canary), ...rest }))
})
`
