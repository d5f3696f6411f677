import { assert, describe, it } from "vitest"
import { randomOf, seed } from "../../support/random.ts"
import { cut, disagreement, inequality, makeCase, readByNode, readByOurs } from "./fuzz.ts"

// In full: TAKO_RESPONSES=1000000 npx vitest run test/services/balancer/fuzz.test.ts
const count = Number(process.env.TAKO_RESPONSES ?? 2000)

const caseOf = (index: number) => {
  const random = randomOf(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35))
  const made = makeCase(random)
  return { made, cutAgain: { ...made, pieces: cut(random, made.pieces.join("")) } }
}

describe("the response parser beside Node's", () => {
  it(
    `agrees on ${count} mutated responses, and refuses what Node refuses`,
    async () => {
      const outcomes = new Map<string, number>()
      const differences: Array<string> = []
      for (let index = 0; index < count; index++) {
        const { made, cutAgain } = caseOf(index)
        const ours = readByOurs(made)
        const node = await readByNode(made)
        const again = readByOurs(cutAgain)
        const difference =
          disagreement(made, ours, node) ??
          (ours._tag === "Refused" && again._tag === "Refused" ? undefined : inequality(again, ours))
        if (difference !== undefined)
          differences.push(`response ${index}: ${JSON.stringify([made, cutAgain.pieces])}\n${difference}`)
        const outcome = `ours ${ours._tag}, Node ${node._tag}`
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
      console.log(JSON.stringify(Object.fromEntries(outcomes)))
      assert.deepStrictEqual(differences, [], `TAKO_TEST_SEED=${seed}`)
      assert.isAbove(outcomes.get("ours Accepted, Node Accepted") ?? 0, count / 10)
      assert.isAbove(outcomes.get("ours Refused, Node Refused") ?? 0, count / 10)
    },
    30_000 + count * 5
  )

  const ok = "HTTP/1.1 200 OK\r\n"
  const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`
  for (const [what, text] of [
    ["a field name that is no token", `${ok}X A: b\r\nContent-Length: 0\r\n\r\n`],
    ["a field name beyond ASCII", `${ok}X-\xc7: b\r\nContent-Length: 0\r\n\r\n`],
    ["a bad name that the front would drop", `${ok}X-Tako-\0: a\r\nContent-Length: 0\r\n\r\n`],
    ["a bad value that the front would drop", `${ok}HTTP2-Settings: \x01\r\nContent-Length: 0\r\n\r\n`],
    ["a bare LF in the reason", "HTTP/1.1 204 No\nX: b\r\n\r\n"],
    ["a bare CR in the reason", "HTTP/1.1 204 No\rX: b\r\n\r\n"],
    ["a bare CR at the end of a value", "HTTP/1.1 204 No\r\nX: b\r\r\n\r\n"],
    ["a response after an interim one that closes", `HTTP/1.1 100 Go\r\nConnection: close\r\n\r\n${ok}\r\n`],
    ["a tab behind the length", `${ok}Content-Length: 0\t\r\n\r\n`],
    ["a length in the trailers", `${chunked}0\r\nContent-Length: 5\r\n\r\n`],
    ["an extension without a name", `${chunked}0;\r\n\r\n`],
    ["an extension whose value is no token", `${chunked}1;a=b=c\r\na\r\n0\r\n\r\n`],
    ["a space after a chunk's size", `${chunked}1 \r\na\r\n0\r\n\r\n`]
  ] as const)
    it(`refuses ${what}, as Node does`, async () => {
      for (const pieces of [[text], [...text]]) {
        const sent = { isHead: false, pieces }
        assert.strictEqual((await readByNode(sent))._tag, "Refused")
        assert.strictEqual(readByOurs(sent)._tag, "Refused")
      }
    })

  for (const [what, fields] of [
    ["an Upgrade option in Connection", "Upgrade: websocket"],
    ["an option that no tab follows", "Connection: Upgrade\t\r\nUpgrade: websocket"],
    ["a protocol", "Connection: Upgrade\r\nUpgrade: "]
  ] as const)
    it(`takes no connection for upgraded without ${what}, as Node does not`, async () => {
      const sent = { isHead: false, pieces: [`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`] }
      assert.notStrictEqual((await readByNode(sent))._tag, "Upgraded")
      assert.notStrictEqual(readByOurs(sent)._tag, "Upgraded")
    })

  it("refuses a tab behind chunked, where Node reads until the close instead", async () => {
    const sent = { isHead: false, pieces: [`${ok}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`] }
    assert.include(await readByNode(sent), { _tag: "Accepted", body: "0\r\n\r\n" })
    assert.strictEqual(readByOurs(sent)._tag, "Refused")
  })
})
