import type * as Duration from "effect/Duration"

/** What a server is told at its start. */
export interface Settings {
  /** How long new instances must stay healthy, all of them, before old ones go. */
  readonly window: Duration.DurationInput
  /** How long an instance may take until it is healthy. */
  readonly startWithin: Duration.DurationInput
  /** How long an instance that was told to end may take; then it is killed. */
  readonly grace: Duration.DurationInput
  /** How long a release command may take. */
  readonly releaseWithin: Duration.DurationInput
  /** The server's own variables, of which instances get a few. */
  readonly inherited: Readonly<Record<string, string | undefined>>
}

export const defaults: Omit<Settings, "inherited"> = {
  window: "3 seconds",
  startWithin: "60 seconds",
  grace: "10 seconds",
  releaseWithin: "10 minutes"
}

/** How long the requests that an instance has may take when it is to go, in ms, unless its release says otherwise. */
export const defaultDrain = 30_000

/** How long a request waits while there is no healthy instance. */
export const hold: Duration.DurationInput = "5 seconds"
