import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import type * as Net from "node:net"
import * as Os from "node:os"
import { performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SignalName } from "../../domain/process.ts"
import { destroyWithoutStderr } from "./pipe-ends.ts"

/**
 * How far apart the copies of one signal may arrive. timeout(1) signals its child and then its group, process managers signal one
 * process of a tree after the other, and npm passes on a Ctrl-C that its child has had.
 */
const window = 100

/** A program that ends before that needs no witness: most are still starting themselves, and a first signal ends them. */
const delay = 100

/** How late signals may be noticed here: one that seems to be this much younger than a witness may be older, and have missed it. */
const latency = 20

/**
 * Ends with its input, which is when we end, and by every signal; by SIGQUIT without a core dump. Tried with dash, bash and
 * busybox.
 */
const script = 'trap "exit 131" QUIT; read end'

/** The exit code for SIGQUIT in {@link script}. */
const quit = 131

/** Those that people and programs send to end or tell a program something. A witness that ends otherwise is not replaced. */
const noticed: ReadonlySet<string | null> = new Set<SignalName>([
  "SIGTERM",
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2"
])

/**
 * Tells signals to our whole group from signals to us alone. Node does not say who sent a signal, and to whom (si_pid, sigaction(2)),
 * so an idle process beside us is the witness: whoever signals our process group, our session's foreground, our cgroup or
 * our tree hits it too, and ends it. Another one takes its place. Times are in ms.
 */
export interface Witness {
  /** Whether a signal that has just arrived here went to all of us. None if there was no witness at that time. */
  readonly sharedWithUs: (name: SignalName) => Effect.Effect<Option.Option<boolean>>
  /** Ends and reaps it. */
  readonly end: Effect.Effect<void>
}

export const startWitness = (): Witness => {
  /** Signals that ended a witness, and when. */
  const seen = new Map<SignalName, number>()
  /** Has been judged before it was seen ending. */
  let dying: ChildProcess | undefined
  let isOver = false
  let startedAt = 0
  let current: ChildProcess | undefined
  const timer = setTimeout(() => {
    current = start()
  }, delay).unref()

  function start(): ChildProcess | undefined {
    try {
      const child = spawn("/bin/sh", ["-c", script, "tako: notices signals to the group"], {
        stdio: ["pipe", "ignore", "ignore"],
        env: {}
      })
      // It must not keep us alive.
      child.unref()
      const input = child.stdin as Net.Socket
      destroyWithoutStderr(input)
      input.on("error", () => {}).unref()
      startedAt = performance.now()
      return child
        .once("error", () => {
          if (current === child) current = undefined
        })
        .once("exit", (code, signal) => {
          const name = code === quit ? "SIGQUIT" : signal
          const isNoticed = noticed.has(name)
          if (isNoticed && child !== dying) seen.set(name as SignalName, performance.now())
          if (current === child) current = isNoticed && !isOver ? start() : undefined
        })
    } catch {
      // No process or descriptor is left (EAGAIN, EMFILE).
      return undefined
    }
  }

  const judge = (name: SignalName, arrivedAt: number): Option.Option<boolean> => {
    const seenAt = seen.get(name)
    seen.delete(name)
    if (seenAt !== undefined && seenAt > arrivedAt - window) return Option.some(true)
    if (current?.pid === undefined || startedAt > arrivedAt - latency) return Option.none()
    if (!isDying(current.pid, name)) return Option.some(false)
    dying = current
    return Option.some(true)
  }

  return {
    sharedWithUs: (name) =>
      Effect.suspend(() => {
        const arrivedAt = performance.now()
        return Effect.zipRight(
          Effect.sleep(window),
          Effect.sync(() => judge(name, arrivedAt))
        )
      }),
    end: Effect.async<void>((resume) => {
      isOver = true
      clearTimeout(timer)
      const done = () => resume(Effect.void)
      if (current?.pid === undefined || !current.kill("SIGKILL")) return done()
      current.once("exit", done).ref()
    })
  }
}

/** Whether a signal has been sent to a process that is too slow to be seen ending: on a busy machine, or while it is stopped. Linux. */
const isDying = (pid: number, name: SignalName): boolean => {
  try {
    const status = Fs.readFileSync(`/proc/${pid}/status`, "latin1")
    if (/^State:\s*[ZX]/m.test(status)) return true
    const number = Os.constants.signals[name as NodeJS.Signals]
    // A signal that ends a process becomes a pending SIGKILL of its threads (complete_signal() in Linux' kernel/signal.c).
    const fatal = bitOf(number) | bitOf(Os.constants.signals.SIGKILL)
    const pending = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)]
    return pending.some(([, mask]) => (BigInt(`0x${mask}`) & fatal) !== 0n)
  } catch {
    return false
  }
}

const bitOf = (signal: number): bigint => 1n << BigInt(signal - 1)
