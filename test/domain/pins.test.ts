import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import type { KeyId } from "../../src/domain/key.ts"
import type { EnvironmentName } from "../../src/domain/names.ts"
import * as Pins from "../../src/domain/pins.ts"

const a = "aaaaaaaaaaaaaaaa" as KeyId
const b = "bbbbbbbbbbbbbbbb" as KeyId
const production = "production" as EnvironmentName
const staging = "staging" as EnvironmentName
const [boundA, boundB] = [Pins.bound(a), Pins.bound(b)]
const agreed = { id: a, unbound: true }
const bytesOf = (text: string) => new TextEncoder().encode(text)

describe("pins", () => {
  it("are read as they were printed", () => {
    const pins = [
      ["/b/.git:.", production, [boundA, boundB]],
      ["/a", staging, [agreed]],
      ["/c", staging, [agreed, boundB]],
      ["/a", production, [boundB]],
      ["__proto__", production, [boundB]]
    ] as const
    const all = pins.reduce<Pins.Pins>(
      (pins, [project, environment, keys]) => Pins.pin(pins, project, environment, keys),
      Pins.empty
    )
    const text = Pins.print(all)
    assert.strictEqual(
      text,
      `{
  "/a": {
    "production": "${b}",
    "staging": {"id":"${a}","unbound":true}
  },
  "/b/.git:.": {
    "production": ["${a}","${b}"]
  },
  "/c": {
    "staging": [{"id":"${a}","unbound":true},"${b}"]
  },
  "__proto__": {
    "production": "${b}"
  }
}
`
    )
    const again = Option.getOrThrow(Pins.parse(bytesOf(text)))
    assert.strictEqual(Pins.print(again), text)
    for (const [project, environment, keys] of pins) {
      assert.deepStrictEqual([...Pins.of(again, project, environment)], [...keys])
    }
  })

  it.each([
    ["nothing", ""],
    ["a byte order mark", "\uFEFF{}"],
    ["a list", "[]"],
    ["null", "null"],
    ["a project that is no object", '{"/a":[]}'],
    ["an environment's name that is none", `{"/a":{"A":"${a}"}}`],
    ["an id that is none", '{"/a":{"b":"AAAAAAAAAAAAAAAA"}}'],
    ["an id that leads elsewhere", '{"/a":{"b":"../../etc/passwd"}}'],
    ["an agreement without a key", '{"/a":{"b":{"unbound":true}}}'],
    ["an agreement that is none", `{"/a":{"b":{"id":"${a}","unbound":false}}}`],
    ["an agreement with more", `{"/a":{"b":{"id":"${a}","unbound":true,"x":1}}}`],
    ["an agreement in a list of one", `{"/a":{"b":[{"id":"${a}","unbound":true}]}}`],
    ["an empty list", '{"/a":{"b":[]}}'],
    ["a list of one", `{"/a":{"b":["${a}"]}}`],
    ["a list with something else", `{"/a":{"b":["${a}",1]}}`],
    ["a project twice", `{"/a":{},"/a":{}}`],
    ["half a file", '{"/a":{"b":']
  ])("are not read from %s", (_, text) => {
    assert.isTrue(Option.isNone(Pins.parse(bytesOf(text))))
  })

  it("leave nothing behind when they are removed", () => {
    const one = Pins.pin(Pins.empty, "/a", production, [agreed, boundA])
    assert.deepStrictEqual([...Pins.of(one, "/a", production)], [boundA])
    assert.strictEqual(Pins.print(Pins.pin(one, "/a", production, [])), "{}\n")
    assert.strictEqual(Pins.print(Pins.pin(Pins.empty, "/a", production, [])), "{}\n")
  })

  it("name projects by their folder", () => {
    const pins = [
      ["/home/u/app/.git:.", production],
      ["/home/u/mono/.git:packages/api", staging],
      ["/srv/plain", production]
    ].reduce(
      (pins, [project, name]) => Pins.pin(pins, project as string, name as EnvironmentName, [boundA]),
      Pins.empty
    )
    assert.deepStrictEqual(Pins.environmentsPinnedTo(pins, a), [
      "/home/u/app (production)",
      "/home/u/mono/packages/api (staging)",
      "/srv/plain (production)"
    ])
    assert.deepStrictEqual(Pins.environmentsPinnedTo(pins, b), [])
  })
})
