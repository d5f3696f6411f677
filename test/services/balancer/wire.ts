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

/** A scripted server behind a front: `respond` gets each head that arrives. */
export const script = (
  respond: (socket: Net.Socket, head: string, count: number) => void,
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
        respond(socket, head, count++)
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

/** Sends the text, and returns everything received until the server closes, as latin1, with `RST` after a reset. */
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

/** A head of these lines. */
export const head = (...lines: ReadonlyArray<string>): string => `${lines.join("\r\n")}\r\n\r\n`

/** A GET whose connection closes after the answer. */
export const get = (path: string, ...fields: ReadonlyArray<string>): string =>
  head(`GET ${path} HTTP/1.1`, "Host: shop.example", "Connection: close", ...fields)

export const statusOf = (answer: string): string => answer.slice(9, 12)

/** A promise of an event's first value. */
export const once = <A>(register: (resolve: (value: A) => void) => void): Promise<A> =>
  new Promise((resolve) => register(resolve))

/** Promise.withResolvers, which Node has since 22. */
export const withResolvers = <A>() => {
  let resolve: (value: A) => void = () => {}
  const promise = new Promise<A>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
