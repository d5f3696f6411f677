import type * as Duration from "effect/Duration"

/** How long each stage may take. Asking a person for a passphrase does not count. */
export interface Patience {
  readonly connect: Duration.DurationInput
  readonly hostKey: Duration.DurationInput
  readonly authenticate: Duration.DurationInput
  readonly socket: Duration.DurationInput
}

export const usual: Patience = {
  connect: "10 seconds",
  hostKey: "15 seconds",
  authenticate: "30 seconds",
  socket: "15 seconds"
}
