// An Effect program that reads a secret of the project in the current folder, with this machine's keys.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Layers, Names, Programs } from "tako"

const place = { environment: Names.EnvironmentName("production"), secret: Names.SecretName("DATABASE_URL") }
const program = Effect.flatMap(Programs.get(place), (url) => Console.log(new URL(Redacted.value(url)).host))

Effect.runPromise(Effect.provide(program, Layers.secrets({ directory: process.cwd() })))
