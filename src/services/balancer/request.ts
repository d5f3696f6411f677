import type { IncomingMessage } from "node:http"
import { isFrontsOwn, isHopByHop, mayBeSpecial, namedBy, trailing } from "./fields.ts"
import type { Connection } from "./upstream.ts"

export interface RequestHead {
  /** As it goes to the backend, with the empty line, latin1. */
  readonly text: string
  readonly body: "none" | "length" | "chunked"
  readonly expectsContinue: boolean
}

interface RequestRefusal {
  readonly status: 400 | 421 | 501
  readonly why: string
}

const internalHost = /(?:^|[^a-z0-9.-])tako\.internal\.*(?![a-z0-9.-])/i
/** uri-host [":" port] of RFC 9110 §7.2: a name, which may be empty, an address in brackets, and nothing that a URL goes on with. */
const hostForm = /^(?:\[[\w.:%]+\]|[\w.~%!$&'()*+,;=-]*)(?::\d*)?$/
const absoluteForm = /^https?:\/\/([^/?#@]+)([/?].*)?$/i

/**
 * What a backend gets for a client's head: in origin form, without what is of the client's connection (RFC 9110 §7.6.1) or
 * only the front's to say, with X-Forwarded-For, -Proto and -Host of the front's own. Node's parser has refused
 * what is malformed; here is refused what two parsers might read in two ways.
 */
export const requestHead = (
  { method, url = "", httpVersionMinor, rawHeaders, socket }: IncomingMessage,
  upgrade: string | undefined
): RequestHead | RequestRefusal => {
  const absolute = url.charCodeAt(0) === 47 || url === "*" ? undefined : absoluteForm.exec(url)
  if (absolute === null) return { status: 400, why: "the request's target is malformed" }
  let host = absolute?.[1]
  let hosts = 0
  let lengths = 0
  let isEmpty = true
  let coding: string | undefined
  let connection: ReadonlyArray<string> | undefined
  let expectsContinue = false
  let fields = ""
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    if (!mayBeSpecial(name.charCodeAt(0))) {
      fields += `${name}: ${value}\r\n`
      continue
    }
    const lower = name.toLowerCase()
    if (lower === "host") {
      hosts++
      host ??= value
      continue
    }
    if (lower === "transfer-encoding") coding = coding === undefined ? value : `${coding},${value}`
    if (lower === "connection") {
      if (!isUsual(value)) connection = [...(connection ?? []), ...namedBy(value)]
      continue
    }
    if (isHopByHop(lower) || isFrontsOwn(lower)) continue
    if (lower === "content-length") {
      lengths++
      isEmpty = value === "0"
    } else if (lower === "expect") expectsContinue = true
    fields += `${name}: ${value}\r\n`
  }
  if (hosts > 1) return { status: 400, why: "the request names more than one host" }
  if (host !== undefined && internalHost.test(host))
    return { status: 421, why: "this host is not served here" }
  if (host !== undefined && !hostForm.test(host))
    return { status: 400, why: "the request's host is malformed" }
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    return { status: 501, why: "only the transfer coding chunked is understood" }
  if (lengths > 1 || (coding !== undefined && (lengths > 0 || httpVersionMinor === 0)))
    return { status: 400, why: "the request's length is ambiguous" }
  if (connection !== undefined) fields = withoutNamed(fields, connection)

  const path = absolute === undefined ? url : originForm(absolute[2])
  const peer = socket.remoteAddress ?? "unknown"
  const client = peer.startsWith("::ffff:") ? peer.slice(7) : peer
  const forwarded = `X-Forwarded-For: ${client}\r\nX-Forwarded-Proto: http\r\n`
  const start = `${method} ${path} HTTP/1.1\r\nHost: ${host ?? "127.0.0.1"}\r\n${fields}${forwarded}`
  const named = host === undefined ? "" : `X-Forwarded-Host: ${host}\r\n`
  const framing = coding === undefined ? "" : "Transfer-Encoding: chunked\r\n"
  const switching = upgrade === undefined ? "" : `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
  return {
    text: `${start}${named}${framing}${switching}\r\n`,
    body: coding !== undefined ? "chunked" : !isEmpty ? "length" : "none",
    expectsContinue
  }
}

const isUsual = (connection: string): boolean =>
  connection === "keep-alive" ||
  connection === "close" ||
  connection === "Keep-Alive" ||
  connection === "Upgrade"

const originForm = (rest = "/"): string => (rest.startsWith("/") ? rest : `/${rest}`)

const withoutNamed = (fields: string, named: ReadonlyArray<string>): string =>
  fields
    .split(/(?<=\r\n)/)
    .filter((field) => {
      const name = field.slice(0, field.indexOf(":")).toLowerCase()
      return name === "content-length" || !named.includes(name)
    })
    .join("")

/** Where a body goes, and who wants to know. */
interface BodyTarget {
  /** Without one, what still comes is thrown away, so that the client can read its answer. */
  readonly connection: () => Connection | undefined
  readonly moved: () => void
  readonly sent: () => void
}

/** Sends a request's body on as it comes, no faster than the backend takes it. */
export const sendBody = (
  request: IncomingMessage,
  framing: RequestHead["body"],
  { connection, moved, sent }: BodyTarget
): void => {
  const isChunked = framing === "chunked"
  request.on("data", (bytes: Buffer) => {
    moved()
    const to = connection()
    if (to === undefined) return
    const goesOn = isChunked ? writeChunk(to, bytes) : to.write(bytes)
    if (!goesOn) request.pause()
  })
  request.on("end", () => {
    const to = connection()
    if (to === undefined) return
    moved()
    if (isChunked) to.write(lastChunk(request.rawTrailers), "latin1")
    sent()
  })
}

const writeChunk = (to: Connection, bytes: Buffer): boolean => {
  to.cork()
  to.write(`${bytes.length.toString(16)}\r\n`, "latin1")
  to.write(bytes)
  const goesOn = to.write("\r\n", "latin1")
  to.uncork()
  return goesOn
}

const lastChunk = (trailers: ReadonlyArray<string>): string =>
  `0\r\n${trailing(trailers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`
