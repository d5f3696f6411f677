import type { IncomingMessage } from "node:http"
import { connectionOptions, forwardableTrailers, isHopByHop, isSetByFront, mayBeSpecial } from "./fields.ts"
import type { Connection } from "./upstream.ts"

export interface RequestHead {
  /** What the backend gets, including the empty line, as latin1. */
  readonly text: string
  readonly body: "none" | "length" | "chunked"
  readonly expectsContinue: boolean
  /** It has an Upgrade field, after which Node reads no further request of the connection. */
  readonly hasUpgrade: boolean
}

interface RejectedRequest {
  readonly status: 400 | 421 | 501 | 505
  readonly why: string
}

const internalHost = /(?:^|[^a-z0-9.-])tako\.internal\.*(?![a-z0-9.-])/i
/** uri-host [":" port] of RFC 9110 §7.2: a name, which may be empty, or an address in brackets; nothing else of a URL. */
const hostForm = /^(?:\[[\w.:%]+\]|[\w.~%!$&'()*+,;=-]*)(?::\d*)?$/
const absoluteForm = /^https?:\/\/([^/?#@]+)([/?].*)?$/i

/**
 * The head that a backend gets for a client's request: in origin form, without the fields of the client's connection
 * (RFC 9110 §7.6.1) and those that only the front may set, with X-Forwarded-For, -Proto and -Host. Node's parser has
 * refused what is malformed; this refuses what two parsers could read in two ways.
 */
export const requestHead = (
  { method, url = "", httpVersionMajor, httpVersionMinor, rawHeaders, socket }: IncomingMessage,
  upgrade: string | undefined
): RequestHead | RejectedRequest => {
  // Node's parser also takes 0.9 and 2.0, as if they were 1.x.
  if (httpVersionMajor !== 1) return { status: 505, why: "the request must be of HTTP 1.1 or 1.0" }
  // A fragment is the client's alone (RFC 9110 §4.2.5). Some parsers cut it off, and others take it for a part of the path.
  if (url.includes("#")) return { status: 400, why: "the request's target is malformed" }
  const absolute = url.charCodeAt(0) === 47 || url === "*" ? undefined : absoluteForm.exec(url)
  if (absolute === null) return { status: 400, why: "the request's target is malformed" }
  let host = absolute?.[1]
  let hosts = 0
  let lengths = 0
  let isEmpty = true
  let coding: string | undefined
  let connection: ReadonlyArray<string> | undefined
  let expectsContinue = false
  let hasUpgrade = false
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
      if (!hasNoFieldNames(value)) connection = [...(connection ?? []), ...connectionOptions(value)]
      continue
    }
    if (lower === "upgrade") hasUpgrade = true
    if (isHopByHop(lower) || isSetByFront(lower)) continue
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
    return { status: 501, why: "the only transfer coding supported is chunked" }
  if (lengths > 1 || (coding !== undefined && (lengths > 0 || httpVersionMinor === 0)))
    return { status: 400, why: "the request's length is ambiguous" }
  if (connection !== undefined) fields = withoutOptions(fields, connection)

  const path = absolute === undefined ? url : originForm(absolute[2])
  const peer = socket.remoteAddress ?? "unknown"
  const client = peer.startsWith("::ffff:") ? peer.slice(7) : peer
  const forwarded = `X-Forwarded-For: ${client}\r\nX-Forwarded-Proto: http\r\n`
  const start = `${method} ${path} HTTP/1.1\r\nHost: ${host ?? "127.0.0.1"}\r\n${fields}${forwarded}`
  const forwardedHost = host === undefined ? "" : `X-Forwarded-Host: ${host}\r\n`
  const framing = coding === undefined ? "" : "Transfer-Encoding: chunked\r\n"
  const upgrading = upgrade === undefined ? "" : `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
  return {
    text: `${start}${forwardedHost}${framing}${upgrading}\r\n`,
    body: coding !== undefined ? "chunked" : !isEmpty ? "length" : "none",
    expectsContinue,
    hasUpgrade
  }
}

/** The usual Connection fields: none of their options is the name of another field. */
const hasNoFieldNames = (connection: string): boolean =>
  connection === "keep-alive" ||
  connection === "close" ||
  connection === "Keep-Alive" ||
  connection === "Upgrade"

const originForm = (rest = "/"): string => (rest.startsWith("/") ? rest : `/${rest}`)

const withoutOptions = (fields: string, options: ReadonlyArray<string>): string =>
  fields
    .split(/(?<=\r\n)/)
    .filter((field) => {
      const name = field.slice(0, field.indexOf(":")).toLowerCase()
      return name === "content-length" || !options.includes(name)
    })
    .join("")

/** Where a request's body goes. */
interface BodyTarget {
  /** Undefined once the response is over: the rest of the body is discarded, so that the client can read its response. */
  readonly connection: () => Connection | undefined
  readonly onProgress: () => void
  readonly onSent: () => void
}

/** Forwards a request's body as it arrives, no faster than the backend accepts it. */
export const sendBody = (
  request: IncomingMessage,
  framing: RequestHead["body"],
  { connection, onProgress, onSent }: BodyTarget
): void => {
  const isChunked = framing === "chunked"
  request.on("data", (bytes: Buffer) => {
    onProgress()
    const to = connection()
    if (to === undefined) return
    const hasRoom = isChunked ? writeChunk(to, bytes) : to.write(bytes)
    if (!hasRoom) request.pause()
  })
  request.on("end", () => {
    const to = connection()
    if (to === undefined) return
    onProgress()
    if (isChunked) to.write(lastChunk(request.rawTrailers), "latin1")
    onSent()
  })
}

const writeChunk = (to: Connection, bytes: Buffer): boolean => {
  to.cork()
  to.write(`${bytes.length.toString(16)}\r\n`, "latin1")
  to.write(bytes)
  const hasRoom = to.write("\r\n", "latin1")
  to.uncork()
  return hasRoom
}

const lastChunk = (trailers: ReadonlyArray<string>): string =>
  `0\r\n${forwardableTrailers(trailers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`
