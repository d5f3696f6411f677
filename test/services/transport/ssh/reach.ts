import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { omitUndefined } from "../../../../src/domain/omit-undefined.ts"
import type { SshTarget } from "../../../../src/domain/target.ts"
import { layer as knownHosts } from "../../../../src/services/known-hosts/layer.ts"
import * as ManagementSocket from "../../../../src/services/management/layer.ts"
import { type Handler, Management } from "../../../../src/services/management/management.ts"
import { layerOf as sshConfig } from "../../../../src/services/ssh-config/layer.ts"
import { type interrupt, layerMemory as terminal } from "../../../../src/services/terminal/layer-memory.ts"
import type { Sshd } from "../../../support/sshd.ts"

/** A management socket in the sshd's folder that its account may use. */
export const serve = ({ folder, group }: Sshd, handler: Handler) => {
  const path = Path.join(folder, "tako.sock")
  return Effect.flatMap(Management, ({ serve }) => serve(handler)).pipe(
    Effect.provide(ManagementSocket.layer({ path, ...omitUndefined({ group }) })),
    Effect.as<SshTarget>({ _tag: "Ssh", name: "la", socket: path, ssh: { host: "la.example" } })
  )
}

/** The layers that the SSH transport needs, with an ssh that reads this configuration. */
export const around = (
  config: string,
  answers?: ReadonlyArray<string | typeof interrupt>,
  variables: Readonly<Record<string, string>> = {}
) =>
  Layer.mergeAll(
    knownHosts,
    sshConfig({ variables: { PATH: process.env.PATH, ...variables }, configFile: config }),
    terminal({ isThere: answers !== undefined, answers: answers ?? [] })
  )
