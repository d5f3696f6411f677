import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { encode } from "../../../src/domain/envelope.ts"
import type { SecretName } from "../../../src/domain/names.ts"
import {
  ProcessSpawner,
  type ProcessSpec,
  type RunningProcess
} from "../../../src/services/process-spawner/process-spawner.ts"
import { temporaryFolder } from "../files/folder.ts"

export const secretsOf = (value: string): ProcessSpec["secrets"] =>
  new Map([["A" as SecretName, Redacted.make(value)]])

/** Secrets with which the whole envelope takes so many bytes. */
export const secretsOfSize = (bytes: number): ProcessSpec["secrets"] => {
  const empty = encode({ token: Redacted.make("t".repeat(43)), secrets: secretsOf("") })
  return secretsOf("v".repeat(bytes - Redacted.value(empty).length))
}

export const digest = (data: string | Buffer): string =>
  Crypto.createHash("sha256").update(data).digest("hex")

/** What a process ought to read, digested. */
export const expected = ({ token }: RunningProcess, secrets: ProcessSpec["secrets"]): string =>
  digest(Redacted.value(encode({ token, secrets })))

/** In a new folder, which is the program's directory. */
export const stage = Effect.gen(function* () {
  const { spawn } = yield* ProcessSpawner
  const folder = yield* temporaryFolder()
  return {
    folder,
    read: (name: string) => Fs.readFileSync(Path.join(folder, name)),
    isThere: (name: string) => Fs.existsSync(Path.join(folder, name)),
    write: (name: string) => Fs.writeFileSync(Path.join(folder, name), ""),
    start: (
      command: ProcessSpec["command"],
      secrets: ProcessSpec["secrets"] = secretsOf("v"),
      variables: ProcessSpec["environment"] = {}
    ) =>
      spawn({
        command,
        environment: { PATH: process.env.PATH, ...variables },
        secrets,
        directory: folder
      })
  }
})

export type Stage = Effect.Effect.Success<typeof stage>
