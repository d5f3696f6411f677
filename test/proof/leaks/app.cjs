// An app that prints its secrets. With a secret C, or FAILS among its variables, it exits before it is ready.
const Fs = require("node:fs")
const Http = require("node:http")
const Path = require("node:path")

const { token, secrets } = JSON.parse(Fs.readFileSync(3, "utf8"))
Fs.closeSync(3)
console.log(`has ${secrets.A}`)
if (process.env.LEAKS) Fs.writeFileSync(Path.join(process.env.TAKO_DATA_DIR, "leak"), secrets.A)
if (secrets.C || process.env.FAILS) {
  console.error(`cannot use ${secrets.C ?? secrets.A}`)
  process.exit(7)
}
const server = Http.createServer((_, response) =>
  response.setHeader("X-Tako-Internal-Token", token).end("{}")
)
process.on("SIGTERM", () => process.exit(0))
server.listen(0, "127.0.0.1", () => {
  Fs.writeSync(4, `${server.address().port}\n`)
  Fs.closeSync(4)
})
