import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Backend } from "../../../src/services/balancer/balancer.ts"
import type { World } from "../../../src/services/balancer/contract.ts"
import type { OngoingRequest } from "../../../src/services/balancer/layer-memory.ts"

interface Arrival {
  readonly backend: Backend
  readonly response: Http.ServerResponse
}

const arrivals = new Map<string, (arrival: Arrival) => void>()
const servers = new Map<number, Http.Server>()
let count = 0

const end = (server: Http.Server) =>
  Effect.async<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** Servers on loopback, and Node's client. */
export const network: World<never> = {
  backend: (id) =>
    Effect.acquireRelease(
      Effect.async<{ backend: Backend; server: Http.Server }>((resume) => {
        const server = Http.createServer((request, response) => {
          arrivals.get(request.url ?? "")?.({ backend, response })
        })
        let backend: Backend
        server.listen(0, "127.0.0.1", () => {
          backend = { id, port: (server.address() as AddressInfo).port }
          servers.set(backend.port, server)
          resume(Effect.succeed({ backend, server }))
        })
      }),
      ({ server }) => end(server)
    ).pipe(Effect.map(({ backend }) => backend)),

  refuse: (_, { port }) => end(servers.get(port) as Http.Server),

  request: ({ address }) =>
    Effect.async((resume) => {
      const path = `/${count++}`
      const ended = new Promise<number | undefined>((done) => {
        const request = Http.get({ ...address, path, agent: false }, (response) => {
          response.on("error", () => done(undefined))
          response.on("end", () => done(response.statusCode))
          response.resume()
        })
        request.on("error", () => done(undefined))
      })
      ended.then((status) => {
        if (status === 503) resume(Effect.succeedNone)
      })
      arrivals.set(path, ({ backend, response }) => {
        const ongoing: OngoingRequest = {
          backend,
          answer: Effect.sync(() => response.end("answer")),
          end: Effect.promise(async () => ((await ended) === 200 ? "answered" : "reset"))
        }
        resume(Effect.succeed(Option.some(ongoing)))
      })
    })
}
