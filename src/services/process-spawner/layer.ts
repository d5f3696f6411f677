import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { encode } from "../../domain/envelope.ts"
import { ProcessNotStarted } from "../../domain/errors/processes.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { quietly } from "../files/errno.ts"
import { cgroupMaker } from "./cgroups.ts"
import { sweep } from "./leftovers.ts"
import { pipePool, takePipes } from "./pipes.ts"
import { ProcessSpawner, type ProcessSpec, type RunningProcess } from "./process-spawner.ts"
import { processOf } from "./process-table.ts"
import { makeTree, ourSession, stop, type Tree, treeOfCgroup, waitUntilGone } from "./process-tree.ts"
import { parentDeathSignal, type Started, start } from "./start.ts"
import { startWitness, type Witness } from "./witness.ts"

interface Options {
  readonly poolSize: number
  readonly pipesIn?: string
  readonly ownCgroups?: boolean
}

/**
 * Takes pipes from a pool that is filled `poolSize` at a time: 1 to start a single process, 2 to start one after the other
 * with fd 4. `pipesIn` is a folder for them that belongs to this process alone. With `ownCgroups`, each supervised process gets a
 * cgroup of its own where the system allows it.
 */
export const layerOf = ({ poolSize, pipesIn, ownCgroups = false }: Options): Layer.Layer<ProcessSpawner> =>
  Layer.scoped(
    ProcessSpawner,
    Effect.map(
      Effect.all([
        pipePool({ size: poolSize, privateFolder: pipesIn }),
        Effect.cached(parentDeathSignal),
        ownCgroups ? cgroupMaker : Effect.succeed(undefined)
      ]),
      ([pool, wrapper, makeCgroup]) => ({
        sweep,
        spawn: Effect.fn("ProcessSpawner.spawn")((spec: ProcessSpec) =>
          Effect.suspend(() => {
            const token = Redacted.make(Crypto.randomBytes(32).toString("base64url"))
            const envelope = encode(
              omitUndefined({ token, secrets: spec.secrets, environment: spec.secretsOf })
            )
            const isSupervised = spec.supervised !== undefined
            return Effect.all([isSupervised ? wrapper : Effect.succeed([]), takePipes(pool, spec)]).pipe(
              Effect.mapError(
                ({ code }) => new ProcessNotStarted({ command: spec.command[0], reason: "pipe", code })
              ),
              Effect.flatMap(([wrapper, pipes]) => {
                const cgroup = isSupervised ? makeCgroup?.() : undefined
                return start(spec, { envelope: Redacted.value(envelope), pipes, wrapper, cgroup }).pipe(
                  Effect.tapError(() => cgroup?.remove ?? Effect.void)
                )
              }),
              Effect.acquireRelease((started) => kill(started, isSupervised)),
              Effect.flatMap((started) =>
                Effect.map(witnessFor(spec), (witness) => running(started, token, isSupervised, witness))
              )
            )
          })
        )
      })
    )
  )

export const layer: Layer.Layer<ProcessSpawner> = layerOf({ poolSize: 1 })

// After the program: a signal to our group that hits a witness must have hit the program, too.
const witnessFor = ({ sharesSignals }: ProcessSpec) =>
  sharesSignals === true
    ? Effect.map(
        Effect.acquireRelease(Effect.sync(startWitness), ({ end }) => end),
        Option.some
      )
    : Effect.succeed(Option.none<Witness>())

const running = (
  { child, exit, port, mark, cgroup }: Started,
  token: RunningProcess["token"],
  isSupervised: boolean,
  witness: Option.Option<Witness>
): RunningProcess => {
  const pid = child.pid as number
  let known: Tree | undefined
  // Once Node has reaped it, the pid may belong to another process.
  const tree = Effect.sync(() => {
    const hasEnded = child.exitCode !== null || child.signalCode !== null
    known ??=
      cgroup === undefined
        ? makeTree(hasEnded ? undefined : processOf(pid), mark, isSupervised ? pid : ourSession())
        : treeOfCgroup(cgroup)
    return known
  })
  return {
    pid,
    token,
    port,
    exit,
    signal: (name) => Effect.sync(() => child.kill(name as NodeJS.Signals)),
    receivedToo: (name) =>
      Option.match(witness, {
        onNone: () => Effect.succeed(Option.none()),
        // A shell that controls jobs, for one, has left our group.
        onSome: ({ sharedWithUs }) =>
          Effect.map(
            sharedWithUs(name),
            Option.map((isShared) => isShared && isInOurGroup(pid))
          )
      }),
    gone: Effect.flatMap(tree, waitUntilGone),
    stop: (grace) => Effect.flatMap(tree, (all) => stop({ pid, exit }, all, grace))
  }
}

const isInOurGroup = (pid: number): boolean => processOf(pid)?.group === processOf(process.pid)?.group

/** Kills it and its cgroup or, without one, its process group, except processes that have become another user's. */
const kill = ({ child, exit, cgroup, closeOutput }: Started, isSupervised: boolean): Effect.Effect<void> =>
  Effect.suspend(() => {
    // Until it is reaped, its pid can only be the id of the process group it leads.
    const hasEnded = child.exitCode !== null || child.signalCode !== null
    if (isSupervised && !hasEnded) quietly(() => process.kill(-(child.pid as number), "SIGKILL"))
    return child.kill("SIGKILL") ? Effect.asVoid(exit) : Effect.void
  }).pipe(Effect.zipRight(cgroup?.remove ?? Effect.void), Effect.ensuring(Effect.sync(closeOutput)))
