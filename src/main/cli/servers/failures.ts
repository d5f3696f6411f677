import type { DeliveryError } from "../../../programs/sync/delivery.ts"

/** In a word or two, for a table; the sentence comes below. */
export const shortly = (failure: DeliveryError): string => states[failure._tag]

const states: { readonly [T in DeliveryError["_tag"]]: string } = {
  HostKeyRefused: "host key refused",
  KeyDiffers: "another key",
  LoginRefused: "login refused",
  ServerMisbehaved: "not tako-server",
  ServerRefused: "refuses",
  ServerUnreachable: "unreachable"
}

export const failureToJson = (error: DeliveryError) => ({
  state: "failed",
  error: error._tag,
  ...("stage" in error ? { stage: error.stage } : {}),
  ...("reason" in error && error._tag !== "ServerRefused" ? { reason: error.reason } : {}),
  message: error.message
})
