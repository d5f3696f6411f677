import * as Http from "node:http"
import { setTimeout } from "node:timers/promises"

export interface Traffic {
  /** Ends it, and tells how each request went: a status, or an errno's name. */
  readonly stop: () => Promise<Readonly<Record<string, number>>>
}

/** Requests to a front without a pause, some over connections that stay open and some each over its own. */
export const traffic = (address: string, clients = 4): Traffic => {
  const outcomes: Record<string, number> = {}
  let isOver = false
  const agents = Array.from({ length: clients }, (_, nth) =>
    nth % 2 === 0 ? new Http.Agent({ keepAlive: true, maxSockets: 1 }) : false
  )
  const running = agents.map(async (agent) => {
    while (!isOver) {
      const outcome = await once(address, agent)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      await setTimeout(2)
    }
    if (agent !== false) agent.destroy()
  })
  return {
    stop: async () => {
      isOver = true
      await Promise.all(running)
      return outcomes
    }
  }
}

const once = (address: string, agent: Http.Agent | false): Promise<string> =>
  new Promise((resolve) => {
    const request = Http.request(`http://${address}/`, { agent, method: "POST" }, (answer) => {
      answer.on("end", () => resolve(`${answer.statusCode}`))
      answer.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "cut"))
      answer.resume()
    })
    request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "broken"))
    request.end("body")
  })
