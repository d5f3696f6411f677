import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Effect from "effect/Effect"

/** A command in front of another one, which has that one killed when its parent ends; empty where there is none. */
export type Wrapper = ReadonlyArray<string>

const places = ["/usr/bin/setpriv", "/bin/setpriv", "/usr/local/bin/setpriv"]

/** setpriv(1) of util-linux 2.33 or later: prctl(2) with PR_SET_PDEATHSIG, then the program in its own place. */
export const deathWithUs: Effect.Effect<Wrapper> = Effect.suspend(() => {
  const program = process.platform === "linux" ? places.find((place) => Fs.existsSync(place)) : undefined
  if (program === undefined) return Effect.succeed([])
  const wrapper = [program, "--pdeathsig", "KILL", "--"]
  return Effect.map(works([...wrapper, "true"]), (does) => (does ? wrapper : []))
})

const works = ([program = "", ...args]: ReadonlyArray<string>): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const tried = spawn(program, args, { stdio: "ignore", env: { PATH: "/usr/bin:/bin" } })
    tried.once("error", () => resume(Effect.succeed(false)))
    tried.once("exit", (code) => resume(Effect.succeed(code === 0)))
  })
