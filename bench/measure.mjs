import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const start = ({ command, directory, environment, input }) => {
  const ended = spawnSync(command[0], command.slice(1), {
    cwd: directory,
    env: environment,
    input: input ?? "",
    encoding: "utf8"
  })
  if (ended.status !== 0) {
    const why = ended.error?.message ?? ended.stderr
    throw new Error(`${command.join(" ")}: ended with ${ended.status ?? ended.signal}\n${why}`)
  }
  return ended
}

/**
 * Runs the programs in alternation, so that a busy minute affects all of them: once as a warm-up, then `rounds` times.
 * Returns each program's median in ms. The time of `before` is not counted.
 */
export const interleaved = (programs, rounds) => {
  const taken = new Map(Object.keys(programs).map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const [name, program] of Object.entries(programs)) {
      program.before?.()
      const begin = performance.now()
      start(program)
      if (round >= 0) taken.get(name).push(performance.now() - begin)
    }
  }
  return Object.fromEntries([...taken].map(([name, times]) => [name, median(times)]))
}

/** The peak resident memory of a program and its children, in MiB; undefined without GNU time. */
export const peakMemory = (program) => {
  if (!Fs.existsSync("/usr/bin/time")) return undefined
  const runs = [1, 2, 3].map(() => {
    const { stderr } = start({ ...program, command: ["/usr/bin/time", "-f", "%M", ...program.command] })
    return Number(stderr.trimEnd().split("\n").at(-1)) / 1024
  })
  return median(runs)
}
