import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
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
import { decode } from "./effect-cli.ts"

/** A command with everything below it: its specification, and what @effect/cli runs. */
export interface CommandTree<out R, out E> {
  readonly spec: CommandSpec
  /**
   * The command that these names lead to from here. Only that one is built, since to have @effect/cli match a command
   * line against all of them is half the work of a short command. `endWith` receives the exit code of its handler.
   */
  readonly commandAt: (
    below: ReadonlyArray<CommandSpec>,
    endWith: (code: ExitCode) => void
  ) => RunnableCommand<R, E>
}

// biome-ignore lint/suspicious/noExplicitAny: only its own declaration knows what a command is called and takes
export type RunnableCommand<R, E> = Command.Command<any, R, E, any>

/** A group of commands; the root is one. */
export interface GroupTree<out R, out E> extends CommandTree<R, E> {
  readonly spec: GroupSpec
}

/** A declared argument: its specification, and how @effect/cli reads it. */
export interface Argument<out A> {
  readonly spec: ArgumentSpec
  readonly args: () => Args.Args<A>
}

/** A declared flag: its specification, and how @effect/cli reads it. */
export interface Flag<out A> {
  readonly spec: FlagSpec
  readonly options: () => Options.Options<A>
}

type Arguments = Readonly<Record<string, Argument<unknown>>>
type Flags = Readonly<Record<string, Flag<unknown>>>

/** What a handler receives: each declared argument and flag under its key. */
export type Input<A extends Arguments, F extends Flags> = {
  readonly [K in keyof A]: A[K] extends Argument<infer V> ? V : never
} & { readonly [K in keyof F]: F[K] extends Flag<infer V> ? V : never }

interface LeafDeclaration<A extends Arguments, F extends Flags> {
  /** Starts with a verb and names the object. */
  readonly summary: string
  /** The rest of what --help says; blank lines separate paragraphs. */
  readonly description?: string
  /** One whole command line. */
  readonly example: string
  readonly aliases?: ReadonlyArray<string>
  readonly arguments?: A
  readonly flags?: F
  /**
   * The error, with exit 2, where something was typed that may be a value: a surplus argument, an argument NAME=VALUE, an
   * unknown flag with a value. Default: how many arguments the command takes.
   */
  readonly surplus?: Surplus
}

/** A command that does something. The process exits with the number that its handler returns, or with 0. */
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
): CommandTree<R, E> => {
  const { arguments: args, flags, aliases = [], ...described } = declaration
  const spec: LeafSpec = {
    _tag: "Leaf",
    name,
    aliases,
    ...described,
    arguments: values(args).map(({ spec }) => spec),
    flags: values(flags).map(({ spec }) => spec)
  }
  const commandAt: CommandTree<R, E>["commandAt"] = (_, endWith) =>
    Command.make(
      name,
      { ...mapValues(args, ({ args }) => args()), ...mapValues(flags, ({ options }) => options()) },
      (input) =>
        Effect.map(handler(input as Input<A, F>), (code) => {
          if (typeof code === "number") endWith(code)
        })
    )
  return { spec, commandAt }
}

const values = <A extends object>(record: A | undefined): ReadonlyArray<A[keyof A]> =>
  record === undefined ? [] : Object.values(record)

const mapValues = <A, B>(
  record: Readonly<Record<string, A>> | undefined,
  f: (a: A) => B
): Record<string, B> => Object.fromEntries(Object.entries(record ?? {}).map(([key, a]) => [key, f(a)]))

type Requirements<T> = T extends CommandTree<infer R, unknown> ? R : never
type Failures<T> = T extends CommandTree<unknown, infer E> ? E : never

/** A command that only has commands below it; also the root, whose name is the program's. */
export const group = <
  const Name extends string,
  const Children extends Arr.NonEmptyReadonlyArray<CommandTree<unknown, unknown>>
>(
  name: Name,
  declaration: {
    readonly summary: string
    readonly description?: string
    readonly aliases?: ReadonlyArray<string>
    /** Flags that every command below takes as well. */
    readonly flags?: ReadonlyArray<FlagSpec>
  },
  children: Children
): GroupTree<Requirements<Children[number]>, Failures<Children[number]>> => {
  const { aliases = [], flags = [], ...described } = declaration
  return {
    spec: { _tag: "Group", name, aliases, flags, ...described, children: children.map(({ spec }) => spec) },
    commandAt: ([next, ...below], endWith) => {
      const child = children.find(({ spec }) => spec === next)
      if (child === undefined) throw new Error(`${name} does nothing by itself`)
      return child.commandAt(below, endWith) as RunnableCommand<
        Requirements<Children[number]>,
        Failures<Children[number]>
      >
    }
  }
}

interface ArgumentOptions {
  readonly summary?: string
  /** What shells complete it with. */
  readonly holds?: Holds
}

interface ListOptions extends ArgumentOptions {
  /** From the first word on, everything belongs to another program and is taken unchanged. */
  readonly passThrough?: boolean
}

/** The arguments of a command; their declared order is their order on the command line. */
export const argument = {
  text: (label: string, options: ArgumentOptions = {}): Argument<string> =>
    makeArgument("one", label, options, (token) => decode<string>(token)),
  optional: (label: string, options: ArgumentOptions = {}): Argument<Option.Option<string>> =>
    makeArgument("at-most-one", label, options, (token) => Arr.head(decode<ReadonlyArray<string>>(token))),
  /** Zero or more words; declared last. */
  rest: (label: string, options: ListOptions = {}): Argument<ReadonlyArray<string>> =>
    makeArgument("any", label, options, (token) => decode<ReadonlyArray<string>>(token)),
  /** One or more words; declared last. */
  some: (label: string, options: ListOptions = {}): Argument<Arr.NonEmptyReadonlyArray<string>> =>
    makeArgument("at-least-one", label, options, (token) => decode<Arr.NonEmptyReadonlyArray<string>>(token))
}

const makeArgument = <A>(
  takes: ArgumentSpec["takes"],
  label: string,
  options: ListOptions,
  fromToken: (token: string) => A
): Argument<A> => ({
  spec: { label, takes, ...options, passThrough: options.passThrough === true },
  args: () => Args.map(Args.text({ name: label }), fromToken)
})

interface FlagOptions {
  /** One letter, for `-x`. */
  readonly short?: string
  readonly summary: string
}

/** The flags of a command; they may stand anywhere after its name. */
export const flag = {
  /** `value` is what help calls its value, as in `--env NAME`. */
  text: (
    name: string,
    options: FlagOptions & { readonly value: string; readonly holds?: Holds }
  ): Flag<Option.Option<string>> => ({
    spec: { name, ...options },
    options: () => Options.optional(Options.map(Options.text(name), (token) => decode<string>(token)))
  }),
  boolean: (name: string, options: FlagOptions): Flag<boolean> => ({
    spec: { name, ...options },
    options: () => Options.boolean(name)
  })
}
