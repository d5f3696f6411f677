import * as Arrays from "effect/Array"
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import * as FastCheck from "./fast-check.ts"

/** Valid texts, numbers and objects for every rule that a schema may state. */
const leaves: Readonly<Record<string, FastCheck.Arbitrary<unknown>>> = {
  "a string": FastCheck.string({ unit: "binary" }).filter((text) => !text.includes("\0")),
  "true or false": FastCheck.boolean(),
  "a string of 1 to 256 characters": FastCheck.string({ minLength: 1, maxLength: 64 }).map(
    (text) => `x${text}`
  ),
  "a moment, as in 2026-01-31T12:00:00.000Z": FastCheck.date({
    noInvalidDate: true,
    min: new Date(0),
    max: new Date("9999-12-31T00:00:00Z")
  }).map((date) => date.toISOString()),
  "a key's id: 16 hex digits": FastCheck.string({
    unit: FastCheck.constantFrom(..."0123456789abcdef"),
    minLength: 16,
    maxLength: 16
  }),
  "a secret's name, as in DATABASE_URL": FastCheck.constantFrom(
    "A",
    "DATABASE_URL",
    "B2",
    "LONG_".repeat(12)
  ),
  "an environment's name, as in production": FastCheck.constantFrom("production", "staging-2"),
  'an app and its environment, as in "shop/production"': FastCheck.constantFrom("shop/production", "a/b"),
  "an absolute path": FastCheck.constantFrom("/", "/srv/app", "/srv/ä b"),
  'a list as in ["node", "server.ts"], or one line for the shell': FastCheck.constantFrom(
    "node server.ts",
    ["node"],
    ["node", "", "server.ts"]
  ),
  'a port from 1 to 65535, "assign" or "none"': FastCheck.oneof(
    FastCheck.constantFrom("assign", "none"),
    FastCheck.integer({ min: 1, max: 65_535 })
  ),
  'a host and a port, as in "127.0.0.1:8080"': FastCheck.constantFrom(
    "127.0.0.1:8080",
    "[::1]:1",
    "a.b:65535"
  ),
  "the number of a revision: 1, 2, 3 …": FastCheck.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  "an object": FastCheck.dictionary(FastCheck.constantFrom("A", "_b", "__proto__"), FastCheck.string()),
  "an object of strings": FastCheck.dictionary(
    FastCheck.constantFrom("A", "DATABASE_URL", "Z9"),
    FastCheck.string({ unit: "grapheme" })
  )
}

const leafOf = (rule: string): FastCheck.Arbitrary<unknown> => {
  const [, least, most] = /^a whole number from (\d+) to (\d+)$/.exec(rule) ?? []
  if (least !== undefined) return FastCheck.integer({ min: Number(least), max: Number(most) })
  const leaf = leaves[rule]
  if (leaf === undefined) throw new Error(`test/support/wire.ts has no values for the rule "${rule}"`)
  return leaf
}

interface Options {
  /** Whether every optional member is present, every nullable one has a value, and no list is empty. */
  readonly complete: boolean
}

/** JSON values that fit the schema. */
export const wireOf = (
  { ast }: Schema.Schema.AnyNoContext,
  options: Options = { complete: false }
): FastCheck.Arbitrary<unknown> => wireOfAst(ast, options)

const wireOfAst = (ast: AST.AST, options: Options): FastCheck.Arbitrary<unknown> => {
  switch (ast._tag) {
    case "TypeLiteral": {
      const members = ast.propertySignatures.map(
        ({ name, type, isOptional }) => [String(name), wireOfAst(type, options), isOptional] as const
      )
      const all = Object.fromEntries(members.map(([name, value]) => [name, value]))
      const required = members.filter(([, , isOptional]) => !isOptional || options.complete)
      return FastCheck.record(all, { requiredKeys: required.map(([name]) => name), noNullPrototype: true })
    }
    case "Union": {
      const types = options.complete ? ast.types.filter((type) => !isNull(type)) : ast.types
      return FastCheck.oneof(...types.map((type) => wireOfAst(type, options)))
    }
    case "Literal":
      return FastCheck.constant(ast.literal)
    case "TupleType": {
      const item = wireOfAst(Arrays.unsafeGet(ast.rest, 0).type, options)
      return FastCheck.array(item, { minLength: options.complete ? 1 : 0, maxLength: 3 })
    }
    case "Transformation":
      return wireOfAst(ast.from, options)
    default:
      return leafOf(
        AST.getDescriptionAnnotation(ast).pipe((rule) => (rule._tag === "Some" ? rule.value : ast._tag))
      )
  }
}

const isNull = (ast: AST.AST): boolean => ast._tag === "Literal" && ast.literal === null
