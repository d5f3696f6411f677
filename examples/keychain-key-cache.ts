// Keys in the operating system's keychain instead of files: secret-tool(1) of libsecret, or security(1) of macOS.
// A key is never an argument, which other users of the machine could see: it goes through stdin.
import { execFile } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { KeyCache, KeyCacheUnavailable } from "tako"

/** The command lines of a keychain, each with what it reads from stdin. */
export interface Keychain {
  readonly location: string
  readonly find: (id: string) => Command
  readonly keep: (id: string, key: string) => Command
  readonly forget: (id: string) => Command
  /** Whether a command that failed says that there is no such key. */
  readonly isAbsent: (exitCode: number, stderr: string) => boolean
}

interface Command {
  readonly command: readonly [program: string, ...ReadonlyArray<string>]
  readonly stdin?: string
}

export const secretService: Keychain = {
  location: "the login keyring",
  find: (id) => ({ command: ["secret-tool", "lookup", "application", "tako", "key", id] }),
  keep: (id, key) => ({
    command: ["secret-tool", "store", `--label=tako ${id}`, "application", "tako", "key", id],
    stdin: key
  }),
  forget: (id) => ({ command: ["secret-tool", "clear", "application", "tako", "key", id] }),
  isAbsent: (exitCode, stderr) => exitCode === 1 && stderr === ""
}

export const macos: Keychain = {
  location: "the login keychain",
  find: (id) => ({ command: ["security", "find-generic-password", "-s", "tako", "-a", id, "-w"] }),
  // Its interactive mode takes the whole command from stdin.
  keep: (id, key) => ({
    command: ["security", "-i"],
    stdin: `add-generic-password -U -s tako -a ${id} -w "${key}"\n`
  }),
  forget: (id) => ({ command: ["security", "delete-generic-password", "-s", "tako", "-a", id] }),
  isAbsent: (exitCode) => exitCode === 44
}

export const layerOf = (keychain: Keychain): Layer.Layer<KeyCache> => {
  const { location, isAbsent } = keychain
  const unavailable = (because: string) =>
    new KeyCacheUnavailable({
      reason: "failed",
      location,
      because,
      message: `Could not use ${location}: ${because}. Unlock it, then run the same command again.`
    })

  /** What it prints; none when the keychain has no such key. */
  const run = ({ command: [program, ...parameters], stdin = "" }: Command) =>
    Effect.async<Option.Option<string>, KeyCacheUnavailable>((resume) => {
      const child = execFile(program, parameters, { encoding: "utf8" }, (error, stdout, stderr) => {
        if (error === null) resume(Effect.succeed(Option.some(stdout.trimEnd())))
        else if (error.code === "ENOENT") resume(unavailable(`${program} is not installed`))
        else if (isAbsent(Number(error.code), stderr)) resume(Effect.succeedNone)
        else resume(unavailable(`${program} failed with exit code ${error.code}`))
      })
      // A program that ends without reading breaks the pipe; its exit code says why.
      child.stdin?.on("error", () => {}).end(stdin)
    })

  const find = (id: string) =>
    Effect.flatMap(
      run(keychain.find(id)),
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (text) => {
          const bytes = new Uint8Array(Buffer.from(text, "base64"))
          if (bytes.length !== 32) return unavailable("it holds something else under the name of a key")
          return Effect.succeedSome(Redacted.make(bytes))
        }
      })
    )

  return Layer.succeed(KeyCache, {
    find,
    keep: (id, key) =>
      Effect.as(run(keychain.keep(id, Buffer.from(Redacted.value(key)).toString("base64"))), location),
    forget: (id) =>
      Effect.flatMap(find(id), (found) => Effect.as(run(keychain.forget(id)), Option.isSome(found)))
  })
}

export const layer = layerOf(process.platform === "darwin" ? macos : secretService)
