import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { rotate } from "../../src/programs/key/rotate.ts"
import { rm } from "../../src/programs/secrets/rm.ts"
import { set } from "../../src/programs/secrets/set.ts"
import { randomOf } from "../support/random.ts"
import { deriveCheaply, environment, openAll, run, secret } from "./in-process.ts"
import { makeLane, runToEnd, variablesOf } from "./lane.ts"
import { trial } from "./report.ts"
import type { Stage } from "./stage.ts"

const development = environment("development")

/**
 * Makes the writer's changes, and prints each before and after: "try A_3 v", "done A_3 v"; "-" instead of v for a
 * removal.
 */
export const writer = async (
  project: string,
  home: string,
  prefix: string,
  from: number,
  to: number
): Promise<void> => {
  deriveCheaply()
  const say = (line: string) => Fs.writeSync(1, `${line}\n`)
  const random = randomOf(prefix.charCodeAt(0) * 100_003 + from)
  const place = { project, home }
  const value = `${prefix} ${"value ".repeat(3)}`
  /** Retries as the error advises when another writer has changed the key in the meantime. */
  const retry = async (program: Parameters<typeof run>[1]) => {
    for (;;) {
      const result = await run(place, program as never)
      if (Either.isRight(result)) return
      const error = result.left as { readonly _tag: string; readonly message: string }
      if (!["SecretsFileChanged", "SecretNotFound", "FileLocked"].includes(error._tag))
        throw new Error(`${error._tag}: ${error.message}`)
      if (error._tag === "SecretNotFound") return
    }
  }
  for (let index = from; index < to; index++) {
    const name = `${prefix}_${index % 40}`
    if (prefix === "R" && index % 10 === 0) {
      say("try rotate -")
      let refused = 0
      for (; ; refused++) {
        const result = await run(place, rotate(development, "generated", () => Effect.void) as never)
        if (Either.isRight(result)) break
        const error = result.left as { readonly _tag: string; readonly message: string }
        if (error._tag !== "SecretsFileChanged" || refused > 1000) throw new Error(`rotate: ${error.message}`)
      }
      say(`done rotate ${refused}`)
      continue
    }
    const removes = random.below(8) === 0
    say(`try ${name} ${removes ? "-" : index}`)
    await retry(
      removes
        ? rm(secret(name), [development])
        : set(
            { environment: development, secret: secret(name) },
            Effect.succeed(Redacted.make(`${value}${index}`)),
            { allowEmpty: false }
          )
    )
    say(`done ${name} ${removes ? "-" : index}`)
  }
  say("end")
}

/** The values that a name may have: the last acknowledged one, or one whose writer was killed while it set it. */
type Expected = Map<string, ReadonlyArray<string>>

/** Runs writers on the same file, each with its own names; kills some of them, and restarts those where they stopped. */
export const concurrency = (
  stage: Stage,
  {
    writers,
    changes,
    kills,
    program = fileURLToPath(import.meta.url)
  }: { writers: number; changes: number; kills: number; program?: string }
) =>
  trial("concurrency", async (fail) => {
    const lane = makeLane(stage.root, 90 + Math.floor(performance.now()))
    const first = set(
      { environment: development, secret: secret("FIRST") },
      Effect.succeed(Redacted.make("first")),
      { allowEmpty: false }
    )
    const created = await run(lane, first, { TAKO_PASSPHRASE: "a passphrase of the proof" })
    if (Either.isLeft(created)) throw created.left
    const expected: Expected = new Map([["FIRST", ["first"]]])
    const prefixes = [..."ABCDEFGHIJKLMNOP"].slice(0, writers - 1).concat("R")
    const total = writers * changes
    const random = randomOf(total)
    let killed = 0
    let done = 0
    const rotations = { done: 0, refused: 0 }
    let running: Array<ChildProcess> = []
    /**
     * The kills are spaced by changes, not by time, so that no writer finishes before all kills are done, however fast
     * it is.
     */
    const killInTurn = () => {
      const turn = writers + ((killed + 1) * (total - writers)) / (kills + 1)
      if (killed >= kills || running.length === 0 || done < turn) return
      killed += 1
      random.pick(running).kill("SIGKILL")
    }
    const one = (prefix: string, from: number): Promise<void> =>
      new Promise((resolve) => {
        const child = spawn(
          process.execPath,
          [program, "writer", lane.project, lane.home, prefix, String(from), String(changes)],
          {
            stdio: ["ignore", "pipe", "pipe"]
          }
        )
        running.push(child)
        let next = from
        let trying: readonly [string, string] | undefined
        let errors = ""
        let isAtEnd = false
        child.stderr.on("data", (chunk) => {
          errors += chunk
        })
        const lines = createInterface({ input: child.stdout })
        lines.on("line", (line) => {
          const [what, name = "", value = ""] = line.split(" ")
          if (what === "end") isAtEnd = true
          else if (what === "try") trying = [name, value]
          else if (what === "done") {
            next += 1
            done += 1
            trying = undefined
            if (name === "rotate") {
              rotations.done += 1
              rotations.refused += Number(value)
            } else expected.set(name, [value])
            killInTurn()
          }
        })
        child.on("close", (code, signal) => {
          running = running.filter((other) => other !== child)
          if (trying !== undefined && trying[0] !== "rotate") {
            const [name, value] = trying
            expected.set(name, [...(expected.get(name) ?? ["-"]), value])
          }
          if (signal === "SIGKILL") resolve(one(prefix, next))
          else {
            if (code !== 0 || !isAtEnd) fail(`writer ${prefix} ended with ${code}: ${errors.trim()}`)
            resolve()
          }
        })
      })
    await Promise.all(prefixes.map((prefix) => one(prefix, 0)))
    const opened = await run(lane, openAll)
    if (Either.isLeft(opened)) {
      fail(`the secrets do not open at the end: ${opened.left.message}`)
      return { size: `${done} changes`, result: "does not open" }
    }
    const values = opened.right.development ?? {}
    for (const [name, possible] of expected) {
      const held = values[name]
      const shown = held === undefined ? "-" : name === "FIRST" ? held : (held.split(" ").at(-1) ?? "")
      if (!possible.includes(shown)) fail(`${name} holds ${shown}, and should hold ${possible.join(" or ")}`)
    }
    for (const name of Object.keys(values)) if (!expected.has(name)) fail(`${name} was set by no writer`)
    // One more change removes what the last killed writers left behind.
    await run(
      lane,
      set({ environment: development, secret: secret("LAST") }, Effect.succeed(Redacted.make("last")), {
        allowEmpty: false
      })
    )
    const left = Fs.readdirSync(Path.join(lane.project, ".tako")).filter((name) => name !== "secrets.json")
    if (left.length > 0) fail(`left behind: ${left.join(", ")}`)
    if (rotations.done === 0) fail("the key was never rotated")
    if (killed < kills) fail(`only ${killed} of ${kills} writers were killed`)
    return {
      size: `${writers} processes, ${done} changes, ${killed} killed`,
      result: `${Object.keys(values).length} values open, each the last one acknowledged; ${rotations.done} rotations done, which were refused ${rotations.refused} times because another process wrote`
    }
  })

/** A smaller run with the built program: set, rm and rotate at once, each repeated when its error says to. */
export const concurrencyOfProgram = (stage: Stage, writers: number, changes: number) =>
  trial("concurrency of the program", async (fail) => {
    const lane = makeLane(stage.root, 80 + Math.floor(performance.now()))
    const start = (argv: ReadonlyArray<string>, stdin = "", more = {}) =>
      runToEnd([...stage.tako, ...argv], {
        directory: lane.project,
        variables: variablesOf(lane, more),
        stdin
      })
    const first = await start(["secrets", "set", "FIRST", "--env", "development"], "first", {
      TAKO_PASSPHRASE: "a passphrase of the proof"
    })
    if (first.code !== 0) throw new Error(first.stderr)
    let starts = 0
    const retry = async (argv: ReadonlyArray<string>, stdin = ""): Promise<void> => {
      for (let tries = 0; tries < 50; tries++) {
        starts += 1
        const { code, stderr } = await start(argv, stdin)
        if (code === 0) return
        if (code !== 1 || !/Run the same command again/.test(stderr))
          return fail(`${argv.slice(0, 3).join(" ")} ended with ${code}: ${stderr.trim()}`)
      }
      fail(`${argv.slice(0, 3).join(" ")} never succeeded`)
    }
    await Promise.all([
      ...Array.from({ length: writers }, async (_, writer) => {
        for (let index = 0; index < changes; index++) {
          await retry(
            ["secrets", "set", `W${writer}_${index}`, "--env", "development"],
            `value ${writer} ${index}`
          )
          if (index % 3 === 2)
            await retry(["secrets", "rm", `W${writer}_${index}`, "--env", "development", "--yes"])
        }
      }),
      retry(["secrets", "key", "rotate", "--generate", "--env", "development"])
    ])
    const opened = await run(lane, openAll)
    const values = Either.isRight(opened) ? (opened.right.development ?? {}) : {}
    if (Either.isLeft(opened)) fail(`the secrets do not open at the end: ${opened.left.message}`)
    for (let writer = 0; writer < writers; writer++) {
      for (let index = 0; index < changes; index++) {
        const wanted = index % 3 === 2 ? undefined : `value ${writer} ${index}`
        if (values[`W${writer}_${index}`] !== wanted)
          fail(`W${writer}_${index} has another value than was set`)
      }
    }
    return {
      size: `${writers + 1} at once, ${starts} starts`,
      result: `${Object.keys(values).length} values, all present`
    }
  })
