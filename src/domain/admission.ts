import type { KeyId } from "./key.ts"
import type { Pin } from "./pins.ts"

/**
 * What an environment's key is wanted for. "use": to open or change its values. "join": to keep the key on this machine, as
 * `key derive` and `key import` do. "rebind": to seal all of it under a new salt, as `key rotate` does.
 */
export type Purpose = "use" | "join" | "rebind"

/** An environment as its salt identifies it, and what this machine knows of it. No key has been looked for yet. */
export interface Candidate {
  readonly id: KeyId
  /** Whether the salt demands that every value is bound to its name. */
  readonly marked: boolean
  /** The pins of the environment. */
  readonly pins: ReadonlyArray<Pin>
  /** The ids that `--allow-unbound` or TAKO_ALLOW_UNBOUND names. */
  readonly allowed: ReadonlyArray<KeyId>
}

/**
 * "replaced": this machine knows the environment under another salt. "unbound": its values can be swapped unnoticed, and
 * nobody has agreed to that here. "downgraded": they could not be swapped before.
 */
export type Admission = "admitted" | "replaced" | "unbound" | "downgraded"

const isPinnedElsewhere = ({ id, pins }: Candidate): boolean =>
  pins.length > 0 && !pins.some((pin) => pin.id === id)

const isAgreed = ({ id, pins }: Candidate): boolean => pins.some((pin) => pin.id === id && pin.unbound)

/**
 * Whether an environment may be used, whatever the source of its key. The file chooses its salt, and whoever writes to the
 * repository chooses the file; so this machine's memory comes first, and the file's word only counts where it cannot
 * weaken anything.
 */
export const admissionToUse = (candidate: Candidate): Exclude<Admission, "downgraded"> => {
  const { id, marked, pins, allowed } = candidate
  if (isPinnedElsewhere(candidate)) return "replaced"
  if (marked || isAgreed(candidate)) return "admitted"
  return pins.length === 0 && allowed.includes(id) ? "admitted" : "unbound"
}

/** What git's history says of an environment: whether it ever had a marked salt. */
export type Past = "bound" | "unbound" | "unknown"

/**
 * The same for what makes a salt the trusted one: to keep its key, or to bind its values as they are. An unmarked salt is
 * not taken where the environment had a marked one: binding would then bind what somebody has swapped.
 */
export const admissionToTrust = (
  purpose: Exclude<Purpose, "use">,
  candidate: Candidate,
  past: Past
): Admission => {
  const { id, marked, pins, allowed } = candidate
  if (purpose === "rebind" && isPinnedElsewhere(candidate)) return "replaced"
  if (marked) return "admitted"
  // A pin that does not say "unbound" is that of a marked salt, unless it is this salt's own.
  if (past === "bound" || (isPinnedElsewhere(candidate) && pins.some(({ unbound }) => !unbound))) {
    return "downgraded"
  }
  if (isAgreed(candidate) || allowed.includes(id)) return "admitted"
  return purpose === "rebind" && past === "unbound" ? "admitted" : "unbound"
}
