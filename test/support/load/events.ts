import * as Http from "node:http"
import type { StreamEnd } from "./tally.ts"

/**
 * One stream of server-sent events: the first is the app's pid, then come 0, 1, 2 …; `came` is called for each. Resolves
 * when it ends, rejects when anything was wrong before.
 */
export const listen = (
  options: Http.RequestOptions,
  stopped: AbortSignal,
  came: () => void
): Promise<StreamEnd | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { accept: "text/event-stream" }
    let hasBegun = false
    const request = Http.get({ ...options, path: "/events", agent: false, headers }, (response) => {
      hasBegun = true
      let text = ""
      let pid: number | undefined
      let next = 0
      const take = (event: string) => {
        const data = event.replace(/^data: /, "")
        if (pid === undefined) pid = Number(data)
        else if (data !== `${next}`) {
          reject(new Error(`event ${next} came as ${event}`))
          request.destroy()
        } else {
          next++
          came()
        }
      }
      if (response.statusCode !== 200) {
        reject(new Error(`${response.statusCode} for a stream`))
        return response.resume()
      }
      response.setEncoding("utf8").on("data", (part: string) => {
        const events = (text + part).split("\n\n")
        text = events.pop() ?? ""
        events.forEach(take)
      })
      response.on("error", () => {})
      response.on("close", () => {
        if (stopped.aborted) resolve(undefined)
        else if (pid === undefined) reject(new Error("closed before its first event"))
        else resolve({ kind: "events", pid, how: response.complete ? "told" : "cut" })
      })
    })
    const stop = () => request.destroy()
    stopped.addEventListener("abort", stop)
    request.on("close", () => stopped.removeEventListener("abort", stop))
    request.on("error", (error) => {
      if (stopped.aborted) resolve(undefined)
      // Of an answer that has begun, the answer tells.
      else if (!hasBegun) reject(error)
    })
  })
