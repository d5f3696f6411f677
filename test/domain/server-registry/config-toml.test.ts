import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { decode } from "../../../src/domain/server-registry/config-toml.ts"
import { parseDestination, shownDestination } from "../../../src/domain/server-registry/destination.ts"
import * as FastCheck from "../../support/fast-check.ts"

const read = (document: unknown) => Either.getOrThrowWith(decode(document), (misfit) => misfit).servers
const refusal = (document: unknown) => Either.getOrThrow(Either.flip(decode(document)))

describe("config.toml", () => {
  it("may be empty", () => {
    assert.deepStrictEqual(read({}), [])
  })

  it("lists servers in their order, with the default socket if none is named", () => {
    const servers = [
      { name: "la", host: "la.example" },
      { name: "ams", host: "10.0.0.7", port: 2222n, user: "deploy", socket: "/srv/tako.sock" },
      { name: "v6", host: "ssh://root@[fe80::1%eth0]:22" }
    ]
    assert.deepStrictEqual(read({ servers }), [
      { name: "la", socket: "/run/tako/tako.sock", ssh: { host: "la.example" } },
      { name: "ams", socket: "/srv/tako.sock", ssh: { host: "10.0.0.7", port: 2222, user: "deploy" } },
      { name: "v6", socket: "/run/tako/tako.sock", ssh: { host: "fe80::1%eth0", port: 22, user: "root" } }
    ])
  })

  it.each([
    [{ server: [] }, "server is not a key that tako knows", "servers"],
    [{ servers: [{ name: "la" }] }, "servers.0.host is missing", undefined],
    [{ servers: [{ host: "la" }] }, "servers.0.name is missing", undefined],
    [{ servers: [{ name: "local", host: "la" }] }, "servers.0.name must be a server's name", undefined],
    [{ servers: [{ name: "la", hots: "la" }] }, "servers.0.hots is not a key", "servers.0.host"],
    [{ servers: [{ name: "la", host: "u@la", user: "v" }] }, "servers.0.user is also in host", undefined],
    [
      { servers: [{ name: "la", host: "ssh://la:22", port: 22n }] },
      "servers.0.port is also in host",
      undefined
    ],
    [{ servers: [{ name: "la", host: "la", port: 0n }] }, "servers.0.port must be a whole number", undefined],
    [{ servers: [{ name: "la", host: "la", user: "-oX" }] }, "servers.0.user must be", undefined],
    [
      { servers: [{ name: "la", host: "la", socket: "tako.sock" }] },
      "servers.0.socket must be the abs",
      undefined
    ],
    [{ servers: { name: "la", host: "la" } }, "servers must be tables: [[servers]]", undefined],
    [
      {
        servers: [
          { name: "la", host: "a" },
          { name: "la", host: "b" }
        ]
      },
      "servers.1.name is also the name of another server",
      undefined
    ]
  ])("refuses an invalid file, case %#", (document, problem, suggestion) => {
    const misfit = refusal(document)
    assert.include(misfit.problem, problem)
    assert.strictEqual(misfit.suggestion, suggestion)
  })
})

describe("a destination", () => {
  it.each([
    "-oProxyCommand=id",
    "-",
    "deploy@-oProxyCommand=id",
    "-l@la",
    "la example",
    "la\nexample",
    "la\u0000",
    "la;id",
    "$(id)",
    "`id`",
    "la|id",
    "la'",
    'la"',
    "la\\",
    "%h",
    "",
    "@la",
    "deploy@",
    "a b@la",
    "ssh://la:0",
    "ssh://la:99999",
    "ssh://-x",
    "ssh://la/path",
    "ssh://[-x]",
    "\u202ela",
    "la\u001b[2J",
    "__proto__ x",
    `${"a".repeat(256)}`
  ])("%j is refused before it becomes an argument", (text) => {
    assert.isTrue(Option.isNone(parseDestination(text)))
  })

  it.each([
    "la",
    "la.example",
    "deploy@la.example",
    "a@corp.example@la",
    "ssh://deploy@la:2222",
    "::1",
    "_srv"
  ])("%s is accepted", (text) => {
    assert.isTrue(Option.isSome(parseDestination(text)))
  })

  it("is shown in a form that can be typed", () => {
    assert.strictEqual(shownDestination({ host: "::1", port: 22, user: "root" }), "root@[::1]:22")
    assert.strictEqual(shownDestination({ host: "la" }), "la")
  })

  it("never has a part that could be an option, whatever was typed", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ maxLength: 40 }), (text) =>
        Option.match(parseDestination(text), {
          onNone: () => true,
          onSome: ({ host, user = "u" }) => /^[^-\s]\S*$/.test(host) && /^[^-\s]\S*$/.test(user)
        })
      ),
      { numRuns: 1000 }
    )
  })
})
