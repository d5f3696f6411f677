import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { known, lineOf, parse } from "./file.ts"
import { KnownHosts } from "./known-hosts.ts"

/** A single known_hosts in memory, with this text at first. It stands for all files that hosts name. */
export const layerMemory = (text = ""): Layer.Layer<KnownHosts> =>
  Layer.effect(
    KnownHosts,
    Effect.map(Ref.make(text), (file) => ({
      of: (host) => Effect.map(Ref.get(file), (text) => known(parse(text), host)),
      add: (host, key) =>
        Ref.update(
          file,
          (text) => `${text === "" || text.endsWith("\n") ? text : `${text}\n`}${lineOf(host, key)}`
        )
    }))
  )
