import * as Http from "node:http"
import { Duplex } from "node:stream"
import { connectionOptions, isHopByHop, isSetByFront } from "../../../src/services/balancer/fields.ts"
import { type ResponseHead, ResponseReader } from "../../../src/services/balancer/response.ts"
import type { Random } from "../../support/random.ts"

/** What a backend sends on one connection, in the pieces in which it arrives, as latin1; then it closes. */
export interface Case {
  readonly isHead: boolean
  readonly pieces: ReadonlyArray<string>
}

/** What a reader makes of it. A response that was cut off, or is not HTTP, is refused. */
export type Outcome =
  | { readonly _tag: "Refused"; readonly why: string }
  | {
      readonly _tag: "Accepted"
      /** Status line and end-to-end fields of each interim response, then of the final one. */
      readonly heads: ReadonlyArray<string>
      readonly body: string
      readonly trailers: string
      readonly keepsConnection: boolean
    }
  | { readonly _tag: "Upgraded"; readonly heads: ReadonlyArray<string>; readonly tunnel: string }

const line = (status: number, reason: string, fields: ReadonlyArray<string>) =>
  JSON.stringify([status, reason, ...fields])

/** Collects what `ResponseReader` hands out, from a buffer that is overwritten after each read, as a socket's is. */
export const readByOurs = ({ isHead, pieces }: Case): Outcome => {
  const reader = new ResponseReader(4000)
  const heads: Array<string> = []
  let last: ResponseHead | undefined
  let body = ""
  let trailers: ReadonlyArray<string> = []
  reader.expect(
    {
      onInterim: (head) => heads.push(line(head.status, head.reason, head.fields)),
      onHead: (head) => {
        last = head
        heads.push(line(head.status, head.reason, head.fields))
      },
      onBody: (bytes) => {
        body += bytes.toString("latin1")
      },
      onWholeBody: (text) => {
        body += text
      },
      onEnd: (fields) => {
        trailers = fields
      }
    },
    isHead
  )
  let isComplete = false
  for (const [i, piece] of pieces.entries()) {
    const buffer = Buffer.from(piece, "latin1")
    const reading = reader.read(buffer, buffer.length)
    const surplus = reader.surplus?.toString("latin1") ?? ""
    buffer.fill(35)
    if (last?.status === 101 && last.upgrade !== undefined)
      return { _tag: "Upgraded", heads, tunnel: surplus + pieces.slice(i + 1).join("") }
    if (last?.status === 101) return { _tag: "Refused", why: "101 without an upgrade" }
    if (reading === "malformed" || reading === "surplus") return { _tag: "Refused", why: reading }
    if (reading === "end" && i + 1 < pieces.length) return { _tag: "Refused", why: "surplus" }
    isComplete = reading === "end"
  }
  const endsWithConnection = !isComplete && reader.close()
  if (!isComplete && !endsWithConnection) return { _tag: "Refused", why: "cut off" }
  return {
    _tag: "Accepted",
    heads,
    body,
    trailers: JSON.stringify(trailers),
    keepsConnection: isComplete && (last?.keepAlive ?? 0) > 0
  }
}

/** The fields that a front may pass on, by the rule as RFC 9110 §7.6.1 has it, one by one. */
const endToEnd = (raw: ReadonlyArray<string>): Array<string> => {
  const pairs = raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ""] as const] : []))
  const named = pairs.flatMap(([name, value]) =>
    name.toLowerCase() === "connection" ? connectionOptions(value) : []
  )
  return pairs
    .filter(([name]) => {
      const lower = name.toLowerCase()
      return (
        !isHopByHop(lower) && !isSetByFront(lower) && (lower === "content-length" || !named.includes(lower))
      )
    })
    .flat()
}

class OneConnection extends Http.Agent {
  kept = false
  private readonly stream: Duplex

  constructor(stream: Duplex) {
    super({ keepAlive: true })
    this.stream = stream
  }

  override createConnection(): Duplex {
    return this.stream
  }

  override keepSocketAlive(): boolean {
    this.kept = true
    return false
  }
}

/** Lets Node's client read it, on a connection that is in memory. */
export const readByNode = ({ isHead, pieces }: Case): Promise<Outcome> =>
  new Promise((resolve) => {
    const stream = new Duplex({ read: () => {}, write: (_, __, done) => done() })
    Object.assign(stream, { setKeepAlive: () => {}, setTimeout: () => {}, unref: () => {}, ref: () => {} })
    const agent = new OneConnection(stream)
    const heads: Array<string> = []
    const request = Http.request({ agent, host: "a", method: isHead ? "HEAD" : "GET", maxHeaderSize: 65_536 })
    const refuse = (error: NodeJS.ErrnoException) =>
      resolve({ _tag: "Refused", why: error.code ?? error.message })
    request.maxHeadersCount = 0
    request.on("error", refuse)
    request.on("information", ({ statusCode, statusMessage, rawHeaders }) =>
      heads.push(line(statusCode, statusMessage, endToEnd(rawHeaders)))
    )
    request.on("upgrade", (answer, _, first: Buffer) => {
      heads.push(line(101, answer.statusMessage ?? "", endToEnd(answer.rawHeaders)))
      let tunnel = first.toString("latin1")
      stream.on("data", (bytes: Buffer) => {
        tunnel += bytes.toString("latin1")
      })
      stream.on("end", () => resolve({ _tag: "Upgraded", heads, tunnel }))
      stream.resume()
    })
    request.on("response", (answer) => {
      const { statusCode = 0, statusMessage = "", rawHeaders } = answer
      heads.push(line(statusCode, statusMessage, endToEnd(rawHeaders)))
      let body = ""
      answer.on("data", (bytes: Buffer) => {
        body += bytes.toString("latin1")
      })
      answer.on("error", refuse)
      answer.on("end", () => {
        const trailers = JSON.stringify(endToEnd(answer.rawTrailers))
        // The agent learns of a connection that is free a tick after the response's end.
        setImmediate(() => resolve({ _tag: "Accepted", heads, body, trailers, keepsConnection: agent.kept }))
      })
    })
    request.end(() => {
      for (const piece of pieces) stream.push(Buffer.from(piece, "latin1"))
      stream.push(null)
    })
  })

const bases: ReadonlyArray<string> = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: today\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 13\r\nX-Tako-A: no\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
  'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 7\r\n\r\n',
  "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end",
  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
  "HTTP/1.1 299 Fine, thanks\r\nset-cookie: a=1\r\nSet-Cookie: b=\xe9 \r\nX-Named: lost\r\nConnection: close, x-named\r\n\r\nuntil the end",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nframes",
  "HTTP/1.1 500 Internal Server Error\r\nX-Real-IP: 1\r\nForwarded: for=a\r\nX-Forwarded-For: b\r\nContent-Length: 4\r\n\r\noops",
  "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na"
]

const tokens: ReadonlyArray<string> = [
  ..."\r\n\0 \t:;,=\x0b\x0c\x7f\x80\xff\"'()/\\@[]{}\x01\x1f+-_0189aAfFgGxXzZ",
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  "\r\r\n",
  " \r\n",
  "\r\n ",
  "\r\n\t",
  "HTTP/1.1 ",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/2",
  "ICY 200 OK\r\n",
  "0\r\n\r\n",
  "00",
  "fffffffffffffffff",
  "99999999999999999999",
  "\t\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "content-length:3\r\n",
  "Content-Length: 3, 3\r\n",
  "Content-Length: \r\n",
  "Content-Length : 3\r\n",
  "Content-Length: +3\r\n",
  "Content-Length: 0x3\r\n",
  "Content-Length: 3 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: Chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Transfer-Encoding: chunked, chunked\r\n",
  "Transfer-Encoding: chunked,\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer-Encoding:\r\n",
  "Transfer-Encoding\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive, Upgrade\r\n",
  "Connection: upgrade\r\n",
  "Connection: , ,close ,\r\n",
  "Proxy-Connection: keep-alive\r\n",
  "Keep-Alive: timeout=1\r\n",
  "Keep-Alive: timeout=60, max=5\r\n",
  "Upgrade: websocket\r\n",
  "X-Tako-\0: a\r\n",
  "X-Tako-A B: a\r\n",
  "TE: trailers\r\n",
  "HTTP2-Settings: \x01\r\n",
  "X: \r\n",
  ": nothing\r\n",
  "X-A: b: c\r\n",
  '3;a="b;\\"c"\r\nabc\r\n',
  "3;a;b=c\r\nabc\r\n",
  "3 \r\nabc\r\n",
  "3;a =b\r\nabc\r\n",
  ";a=",
  ';b="',
  "X-Folded: a\r\n b\r\n"
]

/** A response, most often one that was changed in a few places, cut into pieces. */
export const makeCase = (random: Random): Case => {
  let text = random.pick(bases)
  if (random.chance(0.05)) text += random.pick(bases)
  for (let left = random.pick([0, 1, 1, 1, 2, 2, 3, 5]); left > 0; left--) text = mutated(random, text)
  return { isHead: random.chance(0.1), pieces: cut(random, text) }
}

const mutated = (random: Random, text: string): string => {
  const at = random.below(text.length + 1)
  const length = random.pick([1, 1, 2, 4, 12])
  const rest = text.slice(at)
  switch (random.below(7)) {
    case 0:
      return text.slice(0, at) + random.pick(tokens) + rest
    case 1:
      return text.slice(0, at) + random.pick(tokens) + text.slice(at + length)
    case 2:
      return text.slice(0, at) + text.slice(at + length)
    case 3:
      return text.slice(0, at) + text.slice(at, at + length) + rest
    case 4:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1)
    case 5: {
      // A field of its own, at the start of a line.
      const start = text.indexOf("\r\n", at) + 2
      return start < 2 ? text.slice(0, at) : text.slice(0, start) + random.pick(tokens) + text.slice(start)
    }
    default: {
      const other = random.pick(bases)
      return text.slice(0, at) + other.slice(random.below(other.length))
    }
  }
}

export const cut = (random: Random, text: string): ReadonlyArray<string> => {
  const count = random.pick([0, 0, 1, 2, 4, text.length])
  const marks = new Set<number>()
  if (count === text.length) for (let i = 1; i < text.length; i++) marks.add(i)
  else for (let i = 0; i < count; i++) marks.add(random.below(text.length))
  const ends = [...marks, text.length].sort((a, b) => a - b)
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end)).filter((piece) => piece !== "")
}

/** A difference that a front must not have from Node's client. It may refuse what Node accepts. */
export const disagreement = ({ isHead }: Case, ours: Outcome, node: Outcome): string | undefined => {
  if (ours._tag === "Refused") return undefined
  if (node._tag === "Refused") return `Node refuses it (${node.why}), ours does not`
  // Node closes after a response to HEAD that does not say how long a body would be. A front may close, too.
  const keepsLess = node._tag === "Accepted" && (isHead || node.keepsConnection)
  if (ours._tag === "Accepted" && keepsLess)
    return inequality({ ...ours, keepsConnection: node.keepsConnection }, node)
  return inequality(ours, node)
}

export const inequality = (one: Outcome, other: Outcome): string | undefined =>
  JSON.stringify(one) === JSON.stringify(other)
    ? undefined
    : `two readings:\n  ${JSON.stringify(one)}\n  ${JSON.stringify(other)}`
