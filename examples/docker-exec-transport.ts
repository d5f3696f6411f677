// A Transport of our own: tako-servers in containers, reached by `docker exec` and a socat in the container.
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { Duplex, type Readable, type Writable } from "node:stream"
import * as Effect from "effect/Effect"
import { type Connector, type CustomTarget, Layers, Programs, ServerUnreachable, wireOver } from "tako"

export interface ContainerTarget extends CustomTarget {
  readonly _tag: "Custom/docker-exec"
  readonly container: string
  /** The path of tako-server's socket in the container. */
  readonly socket: string
}

/** `docker` may be another program that takes the same arguments, such as podman. */
export const dockerExec =
  (docker = "docker"): Connector<ContainerTarget> =>
  ({ name, container, socket }) =>
    Effect.gen(function* () {
      const relay = yield* Effect.acquireRelease(
        Effect.sync(() =>
          startRelay(docker, ["exec", "-i", container, "socat", "-", `UNIX-CONNECT:${socket}`])
        ),
        ({ child }) => Effect.sync(() => child.kill())
      )
      const stream = Duplex.from({ readable: relay.child.stdout, writable: relay.child.stdin })
      const { exchange } = yield* wireOver(name, stream)
      return {
        // The relay connects only after it has started, so a failure of it shows at the first exchange.
        exchange: (line, within) =>
          Effect.catchTag(exchange(line, within), "ServerUnreachable", (error) =>
            error.reason === "timeout"
              ? Effect.fail(error)
              : Effect.flatMap(relay.ended, (failed) =>
                  failed === undefined
                    ? Effect.fail(error)
                    : new ServerUnreachable({ server: name, stage: "socket", reason: "closed", hint: failed })
                )
          )
      }
    })

const startRelay = (docker: string, args: ReadonlyArray<string>) => {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(docker, args, { stdio: "pipe" })
  let stderr = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = `${stderr}${text}`.slice(-1000)
  })
  const end = new Promise<string | undefined>((resolve) => {
    child.on("error", () => resolve(`${docker} could not be started. Is it installed?`))
    child.on("close", (code) => {
      // What it prints comes from elsewhere: without control characters it cannot draw on a terminal.
      const said = stderr.trim().replace(/\p{Cc}+/gu, " ")
      resolve(code === 0 || code === null ? undefined : `${docker} exec ended with ${code}: ${said}`)
    })
  })
  return { child, ended: Effect.promise(() => end) }
}

/** `Effect.runPromise(versionOf("shop-tako-1"))` */
export const versionOf = (container: string) => {
  const target: ContainerTarget = {
    _tag: "Custom/docker-exec",
    name: container,
    container,
    socket: "/run/tako/tako.sock"
  }
  return Effect.scoped(Programs.connect(target)).pipe(
    Effect.map(({ hello }) => hello.server_version),
    // Layers.transportWith puts it beside tako's own connectors.
    Effect.provide(Layers.transportBy({ "Custom/docker-exec": dockerExec() }))
  )
}
