import { createHash } from "node:crypto"
import { setMaxListeners } from "node:events"
import * as Http from "node:http"
import { randomBytes } from "../random.ts"
import { listen } from "./events.ts"
import { speakSeldom } from "./idle.ts"
import { type Answer, check, send } from "./request.ts"
import {
  countFailed,
  countServed,
  emptyTally,
  type Kind,
  type StreamEnd,
  type Tally,
  totalOf
} from "./tally.ts"
import { converse } from "./websocket.ts"

/** How many clients of each kind there are, and how long the slow requests and the pauses of the idle client take, in ms. */
export interface Mix {
  readonly get: number
  readonly post: number
  readonly newConnection: number
  readonly slow: number
  readonly idle: number
  readonly websocket: number
  readonly events: number
  readonly slowFor: number
  readonly idleFor: number
}

export const usualMix: Mix = {
  get: 12,
  post: 3,
  newConnection: 3,
  slow: 4,
  idle: 2,
  websocket: 3,
  events: 3,
  slowFor: 2000,
  idleFor: 3000
}

export interface Load {
  readonly tally: Tally
  readonly total: () => number
  /** Waits for all that has been asked for. */
  readonly stop: () => Promise<Tally>
}

/** Every kind of client at this address of app.cjs, each asking again as soon as it is answered, until `stop`. */
export const startLoad = (address: string, mix: Mix = usualMix): Load => {
  const [host = "", port = ""] = address.split(":")
  const at = { host, port: Number(port) }
  const tally = emptyTally()
  const stopping = new AbortController()
  const stopped = stopping.signal
  setMaxListeners(0, stopped)
  const agent = new Http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const bodies = Array.from({ length: 16 }, (_, nth) => {
    const bytes = randomBytes(nth === 0 ? 300_000 : 600 * nth, `body ${nth}`)
    return { bytes, hash: createHash("sha256").update(bytes).digest("hex") }
  })

  const served = (kind: Kind) => () => countServed(tally, kind)
  const repeat = async (kind: Kind, once: (nth: number) => Promise<void>) => {
    for (let nth = 0; !stopped.aborted; nth++) {
      await once(nth).catch((problem: unknown) => countFailed(tally, kind, problem))
    }
  }
  const request = (kind: Kind, one: (nth: number) => Promise<Answer>) =>
    repeat(kind, async (nth) => {
      const { headers } = await one(nth)
      const revision = String(headers["x-revision"])
      tally.revisions[revision] = (tally.revisions[revision] ?? 0) + 1
      countServed(tally, kind)
    })
  const stream = (kind: Kind, open: () => Promise<StreamEnd | undefined>) =>
    repeat(kind, async () => {
      const end = await open()
      if (end !== undefined) tally.ends.push(end)
    })
  const get = async (path: string, options: Http.RequestOptions) =>
    check(await send({ ...at, ...options, path }), path)
  const post = async (nth: number) => {
    const { bytes, hash } = bodies[nth % bodies.length] as (typeof bodies)[number]
    const options = { ...at, agent, method: "POST", path: "/hash" }
    return check(await send(options, bytes, nth % 2 === 0 ? "length" : "chunked"), hash)
  }
  const many = (count: number, client: () => Promise<void>) => Array.from({ length: count }, client)

  const clients = [
    ...many(mix.get, () => request("get", (nth) => get(`/get/${nth}`, { agent }))),
    ...many(mix.post, () => request("post", post)),
    ...many(mix.newConnection, () => request("new connection", () => get("/new", { agent: false }))),
    ...many(mix.slow, () => request("slow", () => get(`/slow/${mix.slowFor}`, { agent: false }))),
    ...many(mix.idle, () => repeat("idle", () => speakSeldom(at, mix.idleFor, stopped, served("idle")))),
    ...many(mix.websocket, () => stream("websocket", () => converse(at, stopped, served("websocket")))),
    ...many(mix.events, () => stream("events", () => listen(at, stopped, served("events"))))
  ]
  return {
    tally,
    total: () => totalOf(tally),
    stop: async () => {
      stopping.abort()
      await Promise.all(clients)
      agent.destroy()
      return tally
    }
  }
}
