import { setTimeout } from "node:timers/promises"

/** Polls until `look` returns something; fails after a minute with the name of what it waited for. */
export const eventually = async <A>(
  what: string,
  look: () => A | undefined | false | Promise<A | undefined | false>
): Promise<A> => {
  const deadline = performance.now() + 60_000
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > deadline) throw new Error(`never came: ${what}`)
    await setTimeout(5)
  }
}
