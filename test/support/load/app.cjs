// What startLoad asks: GET answers its path, /slow/<ms> after so long, POST the hash of its body, /events a stream,
// /chat a WebSocket echo. Told to end, it ends what streams it has as their protocols have it.
const { createHash } = require("node:crypto")
const Fs = require("node:fs")
const Http = require("node:http")

const { token, secrets } = JSON.parse(Fs.readFileSync(3, "utf8"))
Fs.closeSync(3)
const [mode, after] = (secrets.MODE ?? "").split(" ")
if (mode === "exits") throw new Error(`cannot use ${secrets.MODE}`)
let isWell = true
const asked = () => {
  if (mode === "sickens") setTimeout(() => (isWell = false), Number(after))
  if (mode === "crashes") setTimeout(() => process.abort(), Number(after))
}
let wasAsked = false

const streams = new Set()
const kept = (end, socket) => {
  streams.add(end)
  socket.on("close", () => streams.delete(end))
}

const server = Http.createServer((request, response) => {
  if (request.headers.host === "tako.internal" && request.url === "/status") {
    if (!wasAsked) asked()
    wasAsked = true
    response.setHeader("X-Tako-Internal-Token", token)
    response.statusCode = isWell ? 200 : 500
    return response.end("{}")
  }
  response.setHeader("X-Revision", secrets.REVISION)
  if (request.method === "POST") {
    const hash = createHash("sha256")
    request.on("data", (part) => hash.update(part))
    return request.on("end", () => response.end(hash.digest("hex")))
  }
  const [, first, ms] = request.url.split("/")
  if (first === "slow") return setTimeout(() => response.end(request.url), Number(ms))
  if (first !== "events") return response.end(request.url)
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(`data: ${process.pid}\n\n`)
  let n = 0
  const timer = setInterval(() => response.write(`data: ${n++}\n\n`), 50)
  response.on("close", () => clearInterval(timer))
  kept(() => {
    clearInterval(timer)
    response.end()
  }, response)
})

const frame = (opcode, payload) => Buffer.concat([Buffer.of(0x80 | opcode, payload.length), payload])
server.on("upgrade", (request, socket) => {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash("sha1").update(key).digest("base64")
  const head = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}`
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\n\r\n`)
  socket.write(frame(1, Buffer.from(`${process.pid}`)))
  let bytes = Buffer.alloc(0)
  socket.on("error", () => {})
  socket.on("data", (part) => {
    bytes = Buffer.concat([bytes, part])
    while (bytes.length >= 2) {
      const end = 6 + (bytes[1] & 127)
      if (bytes.length < end) return
      const payload = Buffer.from(bytes.subarray(6, end).map((byte, i) => byte ^ bytes[2 + (i & 3)]))
      const opcode = bytes[0] & 15
      bytes = bytes.subarray(end)
      if (opcode === 8) return socket.end(frame(8, payload))
      socket.write(frame(opcode, payload))
    }
  })
  kept(() => socket.write(frame(8, Buffer.of(1001 >> 8, 1001 & 255))), socket)
})

process.on("SIGTERM", () => {
  server.close(() => process.exit(0))
  for (const end of streams) end()
})
if (mode !== "silent") {
  server.listen(Number(process.env.PORT), process.env.HOST, () => {
    Fs.writeSync(4, `${server.address().port}\n`)
    Fs.closeSync(4)
  })
} else setInterval(() => {}, 1000)
