import { assert, describe, it } from "vitest"
import { addressesOf, addressOf, urlOf } from "../../src/domain/dev-address.ts"

describe("the address of tako dev", () => {
  it("is listen of tako.toml", () => {
    assert.deepStrictEqual(addressOf("127.0.0.1:8080"), { host: "127.0.0.1", port: 8080 })
    assert.deepStrictEqual(addressOf("localhost:80"), { host: "localhost", port: 80 })
    assert.deepStrictEqual(addressOf("[::1]:8080"), { host: "::1", port: 8080 })
  })

  it("is a URL for a browser", () => {
    assert.strictEqual(urlOf({ host: "localhost", port: 80 }), "http://localhost:80")
    assert.strictEqual(urlOf({ host: "::1", port: 8080 }), "http://[::1]:8080")
    for (const host of ["0.0.0.0", "::"])
      assert.strictEqual(urlOf({ host, port: 8080 }), "http://127.0.0.1:8080")
  })

  it("is always the same for a folder, on every machine", () => {
    // 20000 + FNV-1a modulo 10000, worked out in Python.
    assert.strictEqual(addressesOf("/home/ann/shop")[0].port, 23_054)
    assert.strictEqual(addressesOf("/home/ann/other")[0].port, 22_736)
    assert.strictEqual(addressesOf("/home/ann/größe")[0].port, 26_867)
  })

  it("has twenty consecutive candidates from 20000 to 29999", () => {
    const lists = Array.from({ length: 300 }, (_, index) => addressesOf(`/home/ann/${index}`))
    assert.isAbove(new Set(lists.map(([{ port }]) => port)).size, 250)
    for (const addresses of lists) {
      const start = addresses[0].port - 20_000
      assert.isTrue(start >= 0 && start < 10_000)
      assert.deepStrictEqual(
        addresses,
        Array.from({ length: 20 }, (_, index) => ({
          host: "127.0.0.1",
          port: 20_000 + ((start + index) % 10_000)
        })) as unknown as typeof addresses
      )
    }
  })
})
