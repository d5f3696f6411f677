import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { describe, expectTypeOf, it } from "vitest"
import { SecretNotFound } from "../../../src/domain/errors/secrets.ts"
import { Usage } from "../../../src/domain/errors/user.ts"
import { argument, type CommandTree, flag, group, leaf } from "../../../src/main/cli/command.ts"
import { Stdio } from "../../../src/services/stdio/stdio.ts"

describe("a declared command", () => {
  it("types its handler's input, and carries its errors and requirements to the root", () => {
    const set = leaf(
      "set",
      {
        summary: "Set it",
        example: "tako set NAME",
        arguments: { name: argument.text("NAME"), other: argument.optional("OTHER") },
        flags: {
          environment: flag.text("env", { short: "e", value: "NAME", summary: "where" }),
          allowEmpty: flag.boolean("allow-empty", { summary: "take an empty value" })
        }
      },
      (input) => {
        expectTypeOf(input.name).toEqualTypeOf<string>()
        expectTypeOf(input.other).toEqualTypeOf<Option.Option<string>>()
        expectTypeOf(input.environment).toEqualTypeOf<Option.Option<string>>()
        expectTypeOf(input.allowEmpty).toEqualTypeOf<boolean>()
        return Effect.flatMap(Stdio, () => Effect.fail(new Usage({ problem: "no" })))
      }
    )
    const run = leaf(
      "run",
      {
        summary: "Run it",
        example: "tako run ls",
        arguments: { command: argument.some("CMD", { passThrough: true }) }
      },
      ({ command }) => {
        expectTypeOf(command).toEqualTypeOf<readonly [string, ...Array<string>]>()
        return command.length > 3 ? new SecretNotFound({ secret: "A", environment: "b" }) : Effect.succeed(3)
      }
    )
    const plain = leaf("plain", { summary: "Nothing", example: "tako plain" }, () => Effect.void)
    const root = group("tako", { summary: "all" }, [group("secrets", { summary: "some" }, [set]), run, plain])
    expectTypeOf(root).toMatchTypeOf<CommandTree<Stdio, Usage | SecretNotFound>>()
    // @ts-expect-error an error that has no exit code cannot be an error of a command
    leaf("bad", { summary: "", example: "" }, () => Effect.fail(new TypeError()))
  })
})
