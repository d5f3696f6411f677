import * as Either from "effect/Either"
import { assert, describe, it } from "vitest"
import { EnvironmentName, SecretName } from "../../../src/domain/names.ts"
import { accessor, go, goPackage } from "../../../src/domain/typegen/go.ts"

const known = (...names: ReadonlyArray<string>) =>
  names.map((name) => ({ name: SecretName(name), environments: [EnvironmentName("production")] }))

const source =
  "package main\n\n// tako:names begin\n\nvar Sample int\n\n// tako:names end\n\nfunc rest() {}\n"

describe("Go's accessors", () => {
  it.each([
    ["DATABASE_URL", "DatabaseUrl"],
    ["X", "X"],
    ["S3_KEY_2", "S3Key2"],
    ["A__B_", "AB"]
  ])("%s is %s", (name, expected) => {
    assert.strictEqual(accessor(SecretName(name)), expected)
  })

  it.each([
    ["A_B", "A__B", "AB"],
    ["A1_B", "A_1_B", "A1B"],
    ["KEY", "KEY_", "Key"]
  ])("that collide for %s and %s are an error that names both", (first, second, accessor) => {
    const error = Either.getOrThrow(Either.flip(go(known("OTHER", first, second), source, "main")))
    assert.include(error.message, `${first} and ${second} would both be Secrets.${accessor} in Go`)
  })
})

describe("tako_secrets.go", () => {
  it("is our source with another package and the names between its marks, otherwise unchanged", () => {
    const text = Either.getOrThrow(go(known("DATABASE_URL", "KEY"), source, "shop"))
    assert.match(text, /^package shop\n\n\/\/ tako:names begin\n\n/)
    assert.match(text, /\n\n\/\/ tako:names end\n\nfunc rest\(\) \{\}\n$/)
    assert.notInclude(text, "Sample")
    assert.include(text, "\t// DATABASE_URL, set in production only.\n\tDatabaseUrl func() string\n")
    assert.include(text, '\ttakoSecret("DATABASE_URL"),\n\ttakoSecret("KEY"),\n}\n')
  })
})

describe("the package of a Go file", () => {
  it.each([
    ["a.go", "package shop\n", "shop"],
    ["a.go", "// Copyright\n\n/* package not\n */ package shop // here\n", "shop"],
    ["a.go", "\uFEFF//go:build linux\n\npackage größe\n", "größe"],
    ["a.go", "//go:build ignore\n\npackage main\n", undefined],
    ["a_test.go", "package shop_test\n", undefined],
    ["a.txt", "package shop\n", undefined],
    ["a.go", "", undefined]
  ])("%s, %j: %s", (file, text, expected) => {
    assert.strictEqual(goPackage(file, text), expected)
  })
})
