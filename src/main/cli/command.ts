import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { decode } from "../command-line/encoding.ts"
import type {
  ArgumentSpec,
  CommandSpec,
  FlagSpec,
  GroupSpec,
  Holds,
  LeafSpec,
  Surplus
} from "../command-line/specification.ts"
import type { ExitCode, TakoError } from "../exit-code.ts"

/** A command with everything below it: for our argv preparation and help, and for @effect/cli. */
export interface CommandTree<out R, out E> {
  readonly spec: CommandSpec
  /**
   * What @effect/cli runs for the command at the end of this way down from here. It is made for that one alone: to have
   * it read a command line against all of them is half of the work of a short command.
   */
  readonly commandAt: (below: ReadonlyArray<CommandSpec>) => RunnableCommand<R, E>
}

// biome-ignore lint/suspicious/noExplicitAny: what a command is called and takes, only its own declaration knows
export type RunnableCommand<R, E> = Command.Command<any, R, E, any>

/** A group of commands; the root is one. */
export interface GroupTree<out R, out E> extends CommandTree<R, E> {
  readonly spec: GroupSpec
}

type Arguments = Readonly<Record<string, Argument<unknown>>>
type Flags = Readonly<Record<string, Flag<unknown>>>

/** What a handler receives: each declared argument and flag under its key. */
export type Input<A extends Arguments, F extends Flags> = {
  readonly [K in keyof A]: A[K] extends Argument<infer V> ? V : never
} & { readonly [K in keyof F]: F[K] extends Flag<infer V> ? V : never }

interface LeafDeclaration<A extends Arguments, F extends Flags> {
  readonly summary: string
  /** More than the summary says, for --help; blank lines part paragraphs. */
  readonly description?: string
  /** One whole command line. */
  readonly example: string
  readonly aliases?: ReadonlyArray<string>
  readonly arguments?: A
  readonly flags?: F
  /**
   * Said, with exit 2, where something was typed that may be a value: a surplus argument, an argument NAME=VALUE, an
   * unknown flag with a value. Default: how many arguments the command takes.
   */
  readonly surplus?: Surplus
}

const values = <A extends object>(record: A | undefined): ReadonlyArray<A[keyof A]> =>
  record === undefined ? [] : Object.values(record)

const mapValues = <A, B>(
  record: Readonly<Record<string, A>> | undefined,
  f: (a: A) => B
): Record<string, B> => Object.fromEntries(Object.entries(record ?? {}).map(([key, a]) => [key, f(a)]))

/** A command that does something; a handler that returns a number ends the process with it. */
export const leaf = <
  const Name extends string,
  R,
  E extends TakoError = never,
  A extends Arguments = Readonly<Record<never, never>>,
  F extends Flags = Readonly<Record<never, never>>
>(
  name: Name,
  declaration: LeafDeclaration<A, F>,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a good handler
  handler: (input: Input<A, F>) => Effect.Effect<ExitCode | void, E, R>
): CommandTree<R | Outcome, E> => {
  const { arguments: args, flags, aliases = [], ...described } = declaration
  const spec: LeafSpec = {
    _tag: "Leaf",
    name,
    aliases,
    ...described,
    arguments: values(args).map(({ spec }) => spec),
    flags: values(flags).map(({ spec }) => spec)
  }
  const commandAt = () =>
    Command.make(
      name,
      { ...mapValues(args, ({ args }) => args()), ...mapValues(flags, ({ options }) => options()) },
      (input) =>
        Effect.flatMap(handler(input as Input<A, F>), (code) =>
          typeof code === "number" ? Effect.flatMap(Outcome, ({ endWith }) => endWith(code)) : Effect.void
        )
    )
  return { spec, commandAt }
}

type Requirements<T> = T extends CommandTree<infer R, unknown> ? R : never
type Failures<T> = T extends CommandTree<unknown, infer E> ? E : never

/** A command that only has commands below it. Also the root, whose name is the program's. */
export const group = <
  const Name extends string,
  const Children extends Arr.NonEmptyReadonlyArray<CommandTree<unknown, unknown>>
>(
  name: Name,
  declaration: {
    readonly summary: string
    readonly description?: string
    readonly aliases?: ReadonlyArray<string>
  },
  children: Children
): GroupTree<Requirements<Children[number]>, Failures<Children[number]>> => {
  const { aliases = [], ...described } = declaration
  return {
    spec: { _tag: "Group", name, aliases, ...described, children: children.map(({ spec }) => spec) },
    commandAt: ([next, ...below]) => {
      const child = children.find(({ spec }) => spec === next)
      if (child === undefined) throw new Error(`${name} does nothing by itself`)
      return child.commandAt(below) as RunnableCommand<
        Requirements<Children[number]>,
        Failures<Children[number]>
      >
    }
  }
}

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

/** Carries the exit code that a handler returned past @effect/cli, which drops what handlers return. */
export class Outcome extends Context.Tag("tako/cli/Outcome")<
  Outcome,
  {
    readonly endWith: (code: ExitCode) => Effect.Effect<void>
  }
>() {}
