import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { quietly } from "../../../src/services/files/errno.ts"
import { eventually } from "../../support/eventually.ts"
import { type Ended, type Lane, runToEnd, variablesOf } from "../lane.ts"
import type { Stage } from "../stage.ts"
import { traced } from "./calls.ts"
import type { Row } from "./rows.ts"

export const serverOf = ({ tako }: Stage): string => Path.join(Path.dirname(tako[1]), "tako-server.cjs")

/** Below the lane's folder, so that everything it writes is searched too. */
export const folderOf = (lane: Lane): string => Path.join(lane.folder, "server")
const socketOf = (lane: Lane): string => Path.join(folderOf(lane), "run", "s")

export const stateOf = (lane: Lane): string =>
  Path.join(folderOf(lane), "data", "apps", "shop", "development", "state.json")

/** An app without a healthy instance takes secrets without a test, which is another path through the server. */
const hasRelease = (lane: Lane): boolean =>
  Fs.existsSync(stateOf(lane)) && !/"release": ?null/.test(Fs.readFileSync(stateOf(lane), "utf8"))

/** The app that commands name. */
export const place = ["--env", "development", "--server", "local"]

/** The flags of the lane's server, started in the lane's project; later flags win. */
export const flags = [
  ...["--data-dir", "../server/data", "--socket", "../server/run/s"],
  ...["--uids", "none", "--window", "0.1"]
]

/** How a server ended, and the system calls it made. */
export interface Answered {
  readonly ended: Ended
  readonly trace: string
}

/** The server that answers a row's command. */
export interface Beside {
  /** The socket where the command finds it. */
  readonly socket: string | undefined
  readonly stop: () => Promise<Answered | undefined>
}

export const startBeside = async (
  stage: Stage,
  lane: Lane,
  { server, between }: Pick<Row, "server" | "between">
): Promise<Beside> => {
  const running = server === undefined ? undefined : await startServer(stage, lane, server)
  const scope = Effect.runSync(Scope.make())
  const listening = between === undefined ? undefined : between(socketOf(lane))
  const listener = listening && (await Effect.runPromise(Scope.extend(listening, scope)))
  return {
    socket: listener?.socket ?? (running && socketOf(lane)),
    stop: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      return running?.stop()
    }
  }
}

/** A tako-server of the dist under trial, with the stored data in the lane; traced like the command. */
const startServer = async (stage: Stage, lane: Lane, more: ReadonlyArray<string>) => {
  const trace = Path.join(stage.root, `${Path.basename(Path.dirname(lane.folder))}.server`)
  const [strace = "", ...options] = traced(trace)
  const command = [stage.tako[0], serverOf(stage), ...flags, ...more]
  let log = ""
  let isOver = false
  let end = () => {}
  const ended = runToEnd([strace, ...options, ...command], {
    directory: lane.project,
    variables: variablesOf(lane),
    started: ({ pid, stderr }) => {
      stderr?.on("data", (chunk) => (log += chunk))
      end = () => {
        if (!isOver && pid !== undefined) quietly(() => process.kill(-pid, "SIGKILL"))
      }
    }
  }).finally(() => {
    isOver = true
    process.off("exit", end)
  })
  // Otherwise it would outlive this process.
  process.once("exit", end)
  const isDeployed = hasRelease(lane)
  const pid = await eventually("tako-server listening, and its app runs", () => {
    if (isOver) throw new Error(`tako-server ended: ${log}`)
    if (isDeployed && !/"event":"(?:instance serving|app failed to start)"/.test(log)) return undefined
    return /"event":"tako-server listening".*?"pid":(\d+)/.exec(log)?.[1]
  })
  return {
    stop: async (): Promise<Answered> => {
      if (!isOver) process.kill(Number(pid), "SIGTERM")
      return { ended: await ended, trace }
    }
  }
}
