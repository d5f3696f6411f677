import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { nearest } from "../did-you-mean.ts"

/** Where and why a value does not match its schema. The value is not quoted: it may be a secret in the wrong place. */
export interface Mismatch {
  readonly path: Path
  /** A sentence without its full stop, starting with the path. */
  readonly problem: string
  /** The key that was probably meant, as a path. */
  readonly suggestion?: string
}

export type Path = ReadonlyArray<string>
export type Decoded<A> = Either.Either<A, Mismatch>

interface Options {
  /** `ignore` tolerates what a newer tako may have written. */
  readonly unknownKeys?: "refuse" | "ignore"
  /** What people call an object in this format. */
  readonly object?: "an object" | "a table"
}

/**
 * The only way from parsed JSON or TOML to a typed value. Effect's own messages quote the input, so its issues never leave this
 * file; they become a {@link Mismatch}.
 */
export const decoderOf = <A, I>(schema: () => Schema.Schema<A, I>, options: Options = {}) => {
  const { unknownKeys = "refuse", object = "an object" } = options
  const parseOptions: AST.ParseOptions = {
    // Otherwise a missing member would be looked up in the prototype.
    exact: true,
    onExcessProperty: unknownKeys === "refuse" ? "error" : "ignore"
  }
  // Most commands decode nothing, and creating a schema takes about 100,000 instructions, so it is created on first use.
  let decode: ((value: unknown) => Either.Either<A, ParseResult.ParseIssue>) | undefined
  return (value: unknown): Decoded<A> => {
    decode ??= ParseResult.decodeUnknownEither(schema(), parseOptions)
    return Either.mapLeft(decode(value), (issue) => describe(issue, object))
  }
}

interface Context {
  readonly path: Path
  /** The description of the outermost schema at this path. */
  readonly rule?: string
  /** The keys that the object at this path may have. */
  readonly known?: ReadonlyArray<string>
}

const describe = (
  issue: ParseResult.ParseIssue,
  object: string,
  context: Context = { path: [] }
): Mismatch => {
  const { path } = context
  switch (issue._tag) {
    case "Pointer": {
      const keys = [issue.path].flat().map(String)
      return describe(issue.issue, object, { path: [...path, ...keys], known: context.known ?? [] })
    }
    case "Composite":
      return describe([issue.issues].flat()[0] as ParseResult.ParseIssue, object, {
        ...within(context, issue.ast, object),
        known: keysOf(issue.ast)
      })
    case "Refinement":
    case "Transformation":
      return describe(issue.issue, object, within(context, issue.ast, object))
    case "Missing":
      return { path, problem: `${shownPath(path)} is missing` }
    case "Unexpected":
      return unknownKey(path, context.known ?? [])
    case "Type":
    case "Forbidden": {
      const rule = within(context, issue.ast, object).rule ?? "something else"
      return { path, problem: `${shownPath(path)}${issue.message ?? ` must be ${rule}`}` }
    }
  }
}

const within = (context: Context, ast: AST.AST, object: string): Context => {
  const rule = context.rule ?? ruleOf(ast, object)
  return rule === undefined ? context : { ...context, rule }
}

const ruleOf = (ast: AST.AST, object: string): string | undefined =>
  Option.getOrElse(AST.getDescriptionAnnotation(ast), () =>
    AST.isTypeLiteral(ast) ? object : AST.isLiteral(ast) ? JSON.stringify(ast.literal) : undefined
  )

const keysOf = (ast: AST.AST): ReadonlyArray<string> => {
  if (AST.isRefinement(ast) || AST.isTransformation(ast)) return keysOf(ast.from)
  return AST.isTypeLiteral(ast) ? ast.propertySignatures.map(({ name }) => String(name)) : []
}

const unknownKey = (path: Path, known: ReadonlyArray<string>): Mismatch => {
  const problem = `${shownPath(path)} is not a key that tako knows`
  return Option.match(nearest(path[path.length - 1] as string, known), {
    onNone: () => ({ path, problem }),
    onSome: (key) => ({ path, problem, suggestion: shownPath([...path.slice(0, -1), key]) })
  })
}

/** The dotted key in TOML syntax, in printable ASCII. */
export const shownPath = (path: Path): string => path.map(shownKey).join(".")

const shownKey = (key: string): string => {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(key)) return key
  const short = key.length > 64 ? `${key.slice(0, 64)}…` : key
  return JSON.stringify(short).replace(
    /[^\x20-\x7e…]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
}
