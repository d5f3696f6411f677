import * as Os from "node:os"
import * as Effect from "effect/Effect"

/** Who we say that we are, for servers' audit trails, which mark it as not verified: user@host. */
export const claim = Effect.sync(() => {
  const text = `${userName()}@${Os.hostname()}`
  return text.length > longest ? text.slice(0, longest) : text
})

const longest = 256

const userName = (): string => {
  try {
    return Os.userInfo().username
  } catch {
    // This user has no entry in passwd(5), as in containers.
    return `uid ${process.getuid?.() ?? "unknown"}`
  }
}
