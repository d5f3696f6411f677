import * as Specification from "../specification.ts"
import type { Replies } from "./replies.ts"
import type { Command } from "./requests.ts"

/** What a server answers, one object a line. */
export type Response =
  | { readonly status: "ok"; readonly data: Replies[Command] }
  | {
      readonly status: "error"
      /** For the person who asked, without values. */
      readonly message: string
    }

export const ok = <C extends Command>(data: Replies[C]): Response => ({ status: "ok", data })

export const error = (message: string): Response => ({ status: "error", message })

/** The response as one line, its newline included. */
export const encodeResponse = (response: Response): string =>
  `${JSON.stringify(response.status === "ok" && "releases" in response.data ? withReleases(response.data) : response)}\n`

const withReleases = (data: Replies["releases"]) => ({
  status: "ok",
  data: { ...data, releases: data.releases.map(Specification.toJson) }
})
