import { assert, describe, it } from "vitest"
import { Member, Rotation } from "../../../src/services/balancer/rotation.ts"

describe("a rotation", () => {
  const chosen = (rotation: Rotation<Member>, other?: Member) =>
    Array.from({ length: 4 }, () => rotation.choose(other)?.id)

  it("takes turns, and avoids a member that is suspect or was tried if there is another", () => {
    const rotation = new Rotation((backend) => new Member(backend))
    for (const id of ["a", "b"]) rotation.add({ id, port: 1 })
    const [a, b] = rotation.all() as [Member, Member]
    assert.deepStrictEqual(chosen(rotation), ["b", "a", "b", "a"])
    assert.deepStrictEqual(chosen(rotation, a), ["b", "b", "b", "b"])
    b.requestBegun()
    a.isSuspect = true
    assert.deepStrictEqual(chosen(rotation), ["b", "b", "b", "b"])
    b.isSuspect = true
    assert.deepStrictEqual(chosen(rotation), ["a", "a", "a", "a"])
    rotation.remove(b)
    assert.deepStrictEqual(chosen(rotation, a), ["a", "a", "a", "a"])
  })
})
