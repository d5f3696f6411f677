import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import { LoginRefused } from "../../../src/domain/errors/ssh.ts"
import type { Result } from "../../../src/programs/sync/delivery.ts"
import { app, deployment, good, valueOf, world } from "../supervisor/world.ts"
import { type Cut, delivered, has, type Peer, parcel, to, transportTo, unreachable } from "./stage.ts"

const serverWith = (value: string) =>
  Effect.gen(function* () {
    const server = yield* world
    yield* server.start
    const { layer } = transportTo({ la: server.line })
    yield* Effect.provide(delivered(to(parcel({ S0: value }), "la")), layer)
    yield* server.ask(deployment)
    return server
  })

const tags = (results: ReadonlyArray<Result>) =>
  results.map(({ outcome }) => (Either.isRight(outcome) ? outcome.right.state : outcome.left._tag))
const failure = (result: Result | undefined) => Either.getOrThrow(Either.flip((result as Result).outcome))

const hello =
  '{"status":"ok","data":{"protocol_version":0,"server_version":"1","capabilities":["secrets_state"]}}'
const state =
  '{"status":"ok","data":{"app":"shop/production","names":[],"revision":1,"proven":true,"key_id":null,"updated_at":null,"by":null}}'

/** Answers hello and secrets_state properly, and anything later with `last`. */
const until =
  (last: Peer): Peer =>
  (line) =>
    line.includes('"hello"')
      ? Effect.succeed(hello)
      : line.includes('"secrets_state"')
        ? Effect.succeed(state)
        : last(line)

const saying =
  (text: string | Uint8Array): Peer =>
  () =>
    Effect.succeed(text)
const update = (more: object) =>
  JSON.stringify({
    status: "ok",
    data: {
      status: "updated",
      app: "shop/production",
      restarted: true,
      revision: 2,
      added: [],
      changed: [],
      removed: [],
      instances: 1,
      ...more
    }
  })

describe("a server that fails", () => {
  const peers: ReadonlyArray<readonly [string, Peer, object]> = [
    ["is not there", () => Effect.fail(unreachable("la", "connect")), { _tag: "ServerUnreachable" }],
    [
      "lets nobody in",
      () =>
        Effect.fail(
          new LoginRefused({
            server: "la",
            destination: { host: "la" },
            host: "la",
            user: "me",
            reason: "refused"
          })
        ),
      { _tag: "LoginRefused" }
    ],
    ["says garbage", saying(Buffer.from([0xff, 0x00])), { _tag: "ServerMisbehaved", reason: "not-text" }],
    ["says 10 MB", saying("x".repeat(10_000_000)), { _tag: "ServerMisbehaved", reason: "not-json" }],
    ["says garbage when it is sent secrets", until(saying("}")), { reason: "not-json" }],
    ["answers with a prototype", until(saying('{"__proto__":{"status":"ok"}}')), { reason: "not-an-answer" }],
    [
      "answers for another app",
      until(saying(update({ app: "other/production" }))),
      { reason: "not-an-answer" }
    ],
    ["claims a dry run", until(saying(update({ status: "would_update" }))), { reason: "not-an-answer" }],
    ["claims an old revision", until(saying(update({ revision: 1 }))), { reason: "not-an-answer" }],
    [
      "says names that are none",
      until(saying(update({ added: ["\u001b[2J"] }))),
      { reason: "not-an-answer" }
    ],
    [
      "refuses in words that drive a terminal",
      until(saying('{"status":"error","message":"no\\u001b]0;x\\u0007"}')),
      { _tag: "ServerRefused", reason: "no" }
    ]
  ]
  it.scoped.each(peers)("and %s is named, and the others are synced", ([, peer, expected]) =>
    Effect.gen(function* () {
      const fra = yield* serverWith("one")
      const { layer } = transportTo({ la: peer, fra: fra.line })
      const { results, asked } = yield* Effect.provide(
        delivered(to(parcel({ S0: "two-c4nary" }), "la", "fra")),
        layer
      )
      assert.deepStrictEqual(tags(results)[1], "updated")
      const error = failure(results[0])
      has(error, expected)
      assert.notInclude(error.message, "c4nary")
      assert.notMatch(error.message, /(?!\n)\p{Cc}/u)
      assert.lengthOf(asked, 0)
      assert.strictEqual(({} as { status?: string }).status, undefined)
    })
  )

  it.scoped("by hanging neither delays the others nor outlives an interruption", () =>
    Effect.gen(function* () {
      const fra = yield* serverWith("one")
      const hangs = yield* Deferred.make<void>()
      const hanging = until(() => Effect.zipRight(Deferred.succeed(hangs, undefined), Effect.never))
      const { layer, open } = transportTo({ la: hanging, fra: fra.line })
      const fiber = yield* Effect.fork(
        Effect.provide(delivered(to(parcel({ S0: "two" }), "la", "fra")), layer)
      )
      yield* Deferred.await(hangs)
      yield* fra.settle("1 minute")
      has(yield* fra.ask({ command: "secrets_state", app }), { revision: 2 })
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(open(), 0)
    })
  )

  it.scoped("to start the app with the new secrets keeps the old ones, and says why", () =>
    Effect.gen(function* () {
      const server = yield* serverWith("one")
      server.acts.behave = (process) =>
        valueOf(process) === "two" ? process.end({ _tag: "Exited", code: 1 } as never) : good(process)
      const { layer } = transportTo({ la: server.line })
      const { results } = yield* Effect.provide(delivered(to(parcel({ S0: "two" }), "la")), layer)
      assert.strictEqual(failure(results[0])._tag, "ServerRefused")
      assert.include(failure(results[0]).message, "was not changed; revision 1 keeps running")
      has(yield* server.ask({ command: "secrets_state", app }), { revision: 1 })
    })
  )
})

describe("a connection that is lost", () => {
  const cuts: ReadonlyArray<Cut> = [
    { at: "connect", line: 0 },
    ...[0, 1, 2].flatMap(
      (line): ReadonlyArray<Cut> => [
        { at: "request", line },
        { at: "reply", line }
      ]
    )
  ]
  it.scoped.each(cuts)(
    "at %j leaves one of the two complete revisions, and the same command repairs it",
    (cut) =>
      Effect.gen(function* () {
        const server = yield* serverWith("one")
        let lost: Cut | undefined = cut
        const { layer } = transportTo({ la: server.line }, () => lost)
        const sync = Effect.provide(delivered(to(parcel({ S0: "two" }), "la")), layer)
        const error = failure((yield* sync).results[0])
        assert.strictEqual(error._tag, "ServerUnreachable")
        const isDone = cut.line === 2 && cut.at === "reply"
        if (cut.line === 2) assert.include(error.message, "Run the same command again")
        const between = yield* server.ask({ command: "secrets_state", app })
        assert.strictEqual(between.revision, (isDone ? 2 : 1) as never)
        lost = undefined
        const { results } = yield* sync
        assert.deepStrictEqual(tags(results), [isDone ? "unchanged" : "updated"])
        has(yield* server.ask({ command: "secrets_state", app }), { revision: 2 })
      })
  )

  it.scoped(
    "at random, a thousand times, always leaves a server on the revision before or after",
    () =>
      Effect.gen(function* () {
        const server = yield* world
        yield* server.start
        let random = 20261124
        const dice = (sides: number) => {
          random = (Math.imul(random, 1103515245) + 12345) >>> 0
          return Math.floor((random / 2 ** 32) * sides)
        }
        let lost: Cut | undefined
        const { layer } = transportTo({ la: server.line }, () => lost)
        let revision = 0
        let value = ""
        let cutOff = 0
        for (let n = 1; n <= 1000; n++) {
          // Only the last rounds run an app, because with one throughout this would take a minute.
          if (n === 950) yield* server.ask(deployment)
          const at = (["connect", "request", "reply"] as const)[dice(3)] ?? "reply"
          lost = dice(4) === 0 ? undefined : { at, line: dice(3) }
          const next = `value-${n}`
          const { results } = yield* Effect.provide(delivered(to(parcel({ S0: next }), "la")), layer)
          const now = yield* Effect.orElseSucceed(server.ask({ command: "secrets_state", app }), () => ({
            revision: null,
            names: []
          }))
          const is = now.revision ?? 0
          assert.include([revision, revision + 1], is)
          const [outcome] = results
          if (outcome !== undefined && Either.isRight(outcome.outcome)) assert.strictEqual(is, revision + 1)
          else cutOff++
          if (is > revision) value = next
          revision = is
          if (n > 950) {
            const running = (yield* server.started).filter((process) => valueOf(process) === value)
            assert.isNotEmpty(running)
          }
        }
        assert.isAbove(cutOff, 400)
        assert.isAbove(revision, 200)
      }),
    180_000
  )
})

describe("syncs at the same time", () => {
  it.scoped("end with one of them, and the other is told so", () =>
    Effect.gen(function* () {
      const server = yield* serverWith("one")
      const { layer } = transportTo({ la: server.line })
      const [ours, theirs] = yield* Effect.all(
        ["two", "three"].map((value) => delivered(to(parcel({ S0: value }), "la"))),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(layer))
      const all = [...(ours?.results ?? []), ...(theirs?.results ?? [])]
      assert.sameMembers(tags(all), ["updated", "ServerRefused"])
      const refused = all.find(({ outcome }) => Either.isLeft(outcome))
      assert.include(failure(refused).message, "someone else synced first")
      has(yield* server.ask({ command: "secrets_state", app }), { revision: 2 })
    })
  )

  it.scoped("during a deploy wait for it", () =>
    Effect.gen(function* () {
      const server = yield* serverWith("one")
      const { layer } = transportTo({ la: server.line })
      const [{ results }, deployed] = yield* Effect.all(
        [
          Effect.provide(delivered(to(parcel({ S0: "two" }), "la")), layer),
          server.ask({ ...deployment, directory: "/srv/shop-2" })
        ],
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(tags(results), ["updated"])
      has(deployed, { release: 2 })
      const last = (yield* server.started).at(-1)
      assert.strictEqual(last === undefined ? undefined : valueOf(last), "two")
      has(yield* server.ask({ command: "status", app }), {
        revision: 2,
        release: 2,
        phase: "running"
      })
    })
  )
})

describe("three hundred servers", () => {
  it.scoped.each([
    ["sixteen at a time when nothing has to be asked", "all", 16],
    ["with a limit to the connections that wait for the others", new Set<never>(), 272]
  ] as const)("are reached, %s", ([, agreed, limit]) =>
    Effect.gen(function* () {
      const names = Array.from({ length: 300 }, (_, n) => `s${n}`)
      const peer = until(() => Effect.delay(Effect.succeed(update({})), "0 millis"))
      const { layer, most, open } = transportTo(Object.fromEntries(names.map((name) => [name, peer])))
      const { results, ended } = yield* Effect.provide(
        delivered(to(parcel({ S0: "two" }), ...names), { agreed }),
        layer
      )
      assert.deepStrictEqual(new Set(tags(results)), new Set(["updated"]))
      assert.lengthOf(ended, 300)
      assert.deepStrictEqual(
        results.map(({ delivery }) => delivery.target.name),
        names
      )
      assert.isAtMost(most(), limit)
      assert.strictEqual(open(), 0)
    })
  )
})
