import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import type * as Option from "effect/Option"
import { decode } from "./argv/encoding.ts"
import type { ArgumentSpec, FlagSpec, Holds } from "./grammar.ts"

/** A declared argument: what our grammar says of it, and how @effect/cli reads it. */
export interface Argument<out A> {
  readonly spec: ArgumentSpec
  readonly args: () => Args.Args<A>
}

/** A declared flag: what our grammar says of it, and how @effect/cli reads it. */
export interface Flag<out A> {
  readonly spec: FlagSpec
  readonly options: () => Options.Options<A>
}

interface Described {
  readonly summary?: string
  /** What shells complete it with. */
  readonly holds?: Holds
}

interface RestOptions extends Described {
  /** Options of ours end at the first argument, and everything from there on is taken as it stands. */
  readonly passThrough?: boolean
}

// Each declared argument reaches @effect/cli as exactly one token (see argv/invocation.ts).
const make = <A>(
  takes: ArgumentSpec["takes"],
  label: string,
  options: RestOptions,
  from: (token: string) => A
): Argument<A> => ({
  spec: {
    label,
    takes,
    ...options,
    passThrough: options.passThrough === true
  },
  args: () => Args.map(Args.text({ name: label }), from)
})

const tokens = (token: string): ReadonlyArray<string> => decode(token)

/** The arguments of a command; the declared order is the order on the command line. */
export const argument = {
  text: (label: string, options: Described = {}): Argument<string> =>
    make("one", label, options, (token) => decode<string>(token)),
  optional: (label: string, options: Described = {}): Argument<Option.Option<string>> =>
    make("at-most-one", label, options, (token) => Arr.head(tokens(token))),
  /** Zero or more; the last one declared. */
  rest: (label: string, options: RestOptions = {}): Argument<ReadonlyArray<string>> =>
    make("any", label, options, tokens),
  /** One or more; the last one declared. */
  some: (label: string, options: RestOptions = {}): Argument<Arr.NonEmptyReadonlyArray<string>> =>
    make("at-least-one", label, options, (token) => decode<Arr.NonEmptyReadonlyArray<string>>(token))
}

interface FlagOptions {
  /** One letter, for `-x`. */
  readonly short?: string
  readonly summary: string
}

/** The flags of a command; they may stand anywhere behind its name. */
export const flag = {
  /** `value` is what help calls it, as in `--env NAME`. */
  text: (
    name: string,
    options: FlagOptions & Pick<Described, "holds"> & { readonly value: string }
  ): Flag<Option.Option<string>> => ({
    spec: { name, ...options },
    options: () => Options.optional(Options.map(Options.text(name), (token) => decode<string>(token)))
  }),
  boolean: (name: string, options: FlagOptions): Flag<boolean> => ({
    spec: { name, ...options },
    options: () => Options.boolean(name)
  })
}
