// Clients that send requests without a pause, and a count of how those went.
import * as Http from "node:http"

/** One GET, or a POST whose body must be echoed, over a kept-alive or a new connection. */
const ask = (address, agent, body) =>
  new Promise((resolve, reject) => {
    const request = Http.request(
      `http://${address}/`,
      { agent, method: body === undefined ? "GET" : "POST", timeout: 10_000 },
      (answer) => {
        let text = ""
        answer.setEncoding("utf8").on("data", (piece) => {
          text += piece
        })
        answer.on("error", reject)
        answer.on("end", () => {
          const { key, echo } = answer.statusCode === 200 ? JSON.parse(text) : {}
          if (key !== undefined && echo === (body ?? "")) resolve(key)
          else reject(new Error(`${answer.statusCode} ${text}`))
        })
      }
    )
    request.on("timeout", () => request.destroy(new Error("no answer")))
    request.on("error", reject)
    request.end(body)
  })

/**
 * Runs this many clients at once; `stop` waits for them, and returns how many requests failed and which keys answered.
 */
export const load = (address, clients) => {
  const agent = new Http.Agent({ keepAlive: true })
  const keys = new Map()
  let failed = 0
  let first
  let isOver = false
  const client = async (number) => {
    for (let turn = 0; !isOver; turn++) {
      const body = turn % 4 === 3 ? `body ${number}.${turn} `.repeat(500) : undefined
      try {
        const key = await ask(address, number % 4 === 0 ? false : agent, body)
        keys.set(key, (keys.get(key) ?? 0) + 1)
      } catch (error) {
        failed++
        first ??= error
      }
    }
  }
  const all = Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  return {
    stop: async () => {
      isOver = true
      await all
      agent.destroy()
      return { failed, first, keys }
    }
  }
}
