/**
 * What an environment's key is wanted for. "use": to open or change its values. "join": to keep the key on this machine, as
 * `key derive` and `key import` do. "rebind": to seal all of it under a new salt, as `key rotate` does.
 */
export type Purpose = "use" | "join" | "rebind"
