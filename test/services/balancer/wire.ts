import * as Http from "node:http"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Balancer, type Front, type FrontOptions } from "../../../src/services/balancer/balancer.ts"
import { layer } from "../../../src/services/balancer/layer.ts"

const listening = <S extends Net.Server>(server: S, sockets: Set<Net.Socket>) =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.on("connection", (socket: Net.Socket) => {
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as Net.AddressInfo).port)))
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  )

/** An app of node:http behind a front. */
export const app = (listener: Http.RequestListener, options?: FrontOptions) => {
  const server = Http.createServer(listener)
  return Effect.map(behind(server, options), (front) => ({ ...front, server }))
}

/** What is said by hand behind a front: each head that arrives is given to `say`. */
export const script = (
  say: (socket: Net.Socket, head: string, count: number) => void,
  options?: FrontOptions
) => {
  let count = 0
  const server = Net.createServer((socket) => {
    let text = ""
    socket.on("error", () => {})
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1")
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end)
        text = text.slice(end + 4)
        say(socket, head, count++)
      }
    })
  })
  return behind(server, options)
}

const behind = (
  server: Net.Server,
  options?: FrontOptions
): Effect.Effect<{ front: Front; port: number; connections: () => number }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Net.Socket>()
    const port = yield* listening(server, sockets)
    const balancer = yield* Balancer
    const front = yield* Effect.orDie(balancer.open({ host: "127.0.0.1", port: 0 }, options))
    yield* front.add({ id: "app", port })
    return { front, port: front.address.port, connections: () => sockets.size }
  }).pipe(Effect.provide(layer))

/** What a client gets for what it sends, as latin1, until the server closes; `RST` at the end of what was reset. */
export const say = (
  port: number,
  text: string,
  { close = false, onBytes = () => {} }: { close?: boolean; onBytes?: (got: string) => void } = {}
) =>
  Effect.async<string>((resume) => {
    let got = ""
    const socket = Net.connect({ host: "127.0.0.1", port, allowHalfOpen: true })
    socket.on("data", (bytes: Buffer) => {
      got += bytes.toString("latin1")
      onBytes(got)
    })
    socket.on("error", (error: NodeJS.ErrnoException) => {
      got += error.code === "ECONNRESET" ? "RST" : error.code
    })
    socket.on("end", () => socket.end())
    socket.on("close", () => resume(Effect.succeed(got)))
    if (close) socket.end(text, "latin1")
    else socket.write(text, "latin1")
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.timeoutFail({
      duration: "15 seconds",
      onTimeout: () => new Error(`the server did not close after ${JSON.stringify(text.slice(0, 200))}`)
    }),
    Effect.orDie
  )

/** Lines of a head, with CRLF and the empty line. */
export const head = (...lines: ReadonlyArray<string>): string => `${lines.join("\r\n")}\r\n\r\n`

/** A GET whose connection closes after the answer. */
export const get = (path: string, ...fields: ReadonlyArray<string>): string =>
  head(`GET ${path} HTTP/1.1`, "Host: shop.example", "Connection: close", ...fields)

export const statusOf = (answer: string): string => answer.slice(9, 12)

/** The first Promise of a kind of event. */
export const once = <A>(register: (resolve: (value: A) => void) => void): Promise<A> =>
  new Promise((resolve) => register(resolve))

/** Promise.withResolvers, which Node has from 22 on. */
export const withResolvers = <A>() => {
  let resolve: (value: A) => void = () => {}
  const promise = new Promise<A>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
