import * as Effect from "effect/Effect"
import { omitUndefined } from "../../../domain/omit-undefined.ts"
import type { DeliveryError } from "../../../programs/sync/delivery.ts"
import { Style } from "../context.ts"
import { renderFailure } from "../failure.ts"
import { listNames, say } from "../output.ts"

/** A failure in a word or two for a table, which the whole message follows. */
export const shortFailure = (failure: DeliveryError): string => labels[failure._tag]

const labels: { readonly [T in DeliveryError["_tag"]]: string } = {
  HostKeyRefused: "host key refused",
  KeyDiffers: "different key",
  LoginRefused: "login refused",
  ServerMisbehaved: "not tako-server",
  ServerRefused: "refused",
  ServerUnreachable: "unreachable"
}

export const failureToJson = (error: DeliveryError) => ({
  state: "failed",
  error: error._tag,
  ...omitUndefined({
    stage: "stage" in error ? error.stage : undefined,
    reason: "reason" in error && error._tag !== "ServerRefused" ? error.reason : undefined
  }),
  message: error.message
})

interface Failure {
  readonly server: string
  readonly error: DeliveryError
}

/** Prints failures in full. One that several servers share, but for their names, is printed once. */
export const reportFailures = Effect.fnUntraced(function* (
  failures: ReadonlyArray<Failure>,
  maxShown = Number.POSITIVE_INFINITY
) {
  const { err } = yield* Style
  const byMessage = new Map<string, [Failure, ...ReadonlyArray<Failure>]>()
  for (const failure of failures) {
    const key = failure.error.message.replaceAll(failure.server, "")
    const before = byMessage.get(key)
    byMessage.set(key, before === undefined ? [failure] : [...before, failure])
  }
  const all = [...byMessage.values()]
  for (const [{ error }, ...others] of all.slice(0, maxShown)) {
    yield* say(`\n${renderFailure(error, err)}`)
    const names = others.map(({ server }) => server)
    if (names.length > 0) yield* say(`The same on: ${listNames(names, 8)}`)
  }
  if (all.length > maxShown)
    yield* say(`\nThere are ${all.length - maxShown} other errors. To see all of them, add --json.`)
})
