import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { exportKey } from "../../../../programs/key/export.ts"
import { Clipboard } from "../../../../services/clipboard/clipboard.ts"
import { Stdio } from "../../../../services/stdio/stdio.ts"
import { flag, leaf } from "../../command.ts"
import { chooseEnvironment, environmentFlag } from "../../names.ts"
import { out, say } from "../../output.ts"

/** How long a key stays in the clipboard, in seconds. */
const clipboardSeconds = 45

export const exportCommand = leaf(
  "export",
  {
    summary: "Copy the environment's key to the clipboard, for TAKO_KEY or another machine",
    description: `The clipboard is cleared after ${clipboardSeconds} seconds, or at once with Ctrl-C.`,
    example: "tako secrets key export --env production",
    flags: {
      environment: environmentFlag,
      stdout: flag.boolean("stdout", { summary: "Print the key instead" })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* chooseEnvironment(input.environment)
      const key = yield* exportKey(environment)
      if (input.stdout) return yield* out(`${Redacted.value(key)}\n`)
      yield* Effect.scoped(whileInClipboard(key, countdown(environment)))
      yield* say("The clipboard is cleared.")
    })
)

const whileInClipboard = Effect.fnUntraced(function* <A, E, R>(
  key: Redacted.Redacted<string>,
  use: Effect.Effect<A, E, R>
) {
  const clipboard = yield* Clipboard
  yield* Effect.acquireRelease(clipboard.copy(key), () => Effect.ignore(clipboard.clear(key)))
  return yield* use
})

const countdown = Effect.fnUntraced(function* (environment: string) {
  const stdio = yield* Stdio
  yield* say(
    `The key of ${environment} is in the clipboard for ${clipboardSeconds} seconds; Ctrl-C clears it at once.`
  )
  if (!stdio.stderrIsTerminal) return yield* Effect.sleep(Duration.seconds(clipboardSeconds))
  for (let left = clipboardSeconds; left > 0; left -= 1) {
    if (left <= 10 || left % 15 === 0) yield* say(`${left} s`)
    yield* Effect.sleep(Duration.seconds(1))
  }
})
