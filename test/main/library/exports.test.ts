import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import * as Layers from "../../../src/main/library/layers.ts"
import * as Tags from "../../../src/main/library/tags.ts"
import * as Testing from "../../../src/main/library/testing.ts"

const services = Path.resolve(import.meta.dirname, "../../../src/services")
const tags = Object.keys(Tags).sort()
const isNamedAfter = (tag: string) => (name: string) => name.toLowerCase().startsWith(tag.toLowerCase())

describe("what embedders import", () => {
  it("has every Tag", () => {
    const folders = Fs.readdirSync(services).filter((folder) => {
      const file = Path.join(services, folder, `${folder}.ts`)
      return Fs.existsSync(file) && Fs.readFileSync(file, "utf8").includes("extends Context.Tag(")
    })
    assert.deepStrictEqual(
      folders.map((folder) => folder.replaceAll("-", "")).sort(),
      tags.map((tag) => tag.toLowerCase()).sort()
    )
  })

  it("has a real layer and an in-memory layer of each", () => {
    for (const tag of tags) {
      assert.isTrue(Object.keys(Layers).some(isNamedAfter(tag)), `tako has no layer of ${tag}`)
      assert.isTrue(Object.keys(Testing).some(isNamedAfter(tag)), `tako/testing has no layer of ${tag}`)
    }
  })
})
