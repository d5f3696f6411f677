// Reads its secrets as the original's SDK does: fd 3 is a pipe, to its end, closed; its port on fd 4; its token on /status.
const Fs = require("node:fs")
const Http = require("node:http")

if (!Fs.fstatSync(3).isFIFO()) throw new Error("fd 3 is no pipe")
const { token, secrets } = JSON.parse(Fs.readFileSync(3, "utf8"))
Fs.closeSync(3)

const [mode = ""] = (secrets.MODE ?? "").split(" ")
if (mode === "exits") {
  console.error(`cannot use ${secrets.MODE}`)
  process.exit(7)
}
let isWell = true
let wasAsked = false
// From its first checkup on: how long a start takes is the machine's affair.
const asked = () => {
  if (mode === "sickens") setTimeout(() => (isWell = false), Number(secrets.AFTER))
  if (mode === "crashes") setTimeout(() => process.abort(), Number(secrets.AFTER))
}

const server = Http.createServer((request, response) => {
  if (request.headers.host === "tako.internal" && request.url === "/status") {
    if (!wasAsked) asked()
    wasAsked = true
    response.setHeader("X-Tako-Internal-Token", token)
    response.statusCode = isWell ? 200 : 500
    return response.end("{}")
  }
  if (request.url === "/slow") {
    console.log("slow")
    return setTimeout(() => response.end("slow"), 500)
  }
  const { env, argv, pid } = process
  response.end(JSON.stringify({ secrets, env, argv, pid, uid: process.getuid() }))
})
process.on("SIGTERM", () => server.close(() => process.exit(0)))
server.listen(Number(process.env.PORT), process.env.HOST, () => {
  console.log(`has ${secrets.GREETING}`)
  if (mode === "silent") return
  Fs.writeSync(4, `${server.address().port}\n`)
  Fs.closeSync(4)
})
