import * as Http from "node:http"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"

export interface Answer {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
}

/** One request, to the end of its answer. A body goes out with its length, or in chunks with `chunked`. */
export const send = (
  options: Http.RequestOptions,
  body?: Buffer,
  framing: "length" | "chunked" = "length"
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? undefined
        : framing === "chunked"
          ? { "transfer-encoding": "chunked" }
          : { "content-length": body.length }
    const request = Http.request({ ...options, ...omitUndefined({ headers }) }, (response) => {
      let text = ""
      response.setEncoding("latin1")
      response.on("data", (part: string) => {
        text += part
      })
      response.on("error", reject)
      response.on("end", () => {
        if (!response.complete) return reject(new Error("the answer was cut off"))
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
      })
    })
    request.on("error", reject)
    if (body === undefined || framing === "length") return request.end(body)
    const half = body.length >> 1
    request.write(body.subarray(0, half))
    setImmediate(() => request.end(body.subarray(half)))
  })

/** Fails unless the answer is 200 with this body. */
export const check = (answer: Answer, body: string): Answer => {
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body.slice(0, 200).trimEnd()}`)
  if (answer.body !== body) throw new Error(`200 with a wrong body: ${answer.body.slice(0, 80)}`)
  return answer
}
