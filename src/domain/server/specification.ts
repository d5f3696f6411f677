import type { Decoder } from "../decoding/decoder.ts"
import { objectOf } from "../decoding/object.ts"
import * as Fields from "./fields.ts"
import type { Release, Specification } from "./release.ts"

/** The members of a {@link Specification}, as a request and a state file have them. */
export const required = { directory: Fields.directory, start: Fields.command }

export const optional = {
  release: Fields.command,
  port: Fields.port,
  listen: Fields.listen,
  drain_ms: Fields.drainMillis,
  vars: Fields.vars,
  build: Fields.label
}

/** `ignored` are members that are no release's, which are refused otherwise. */
export const releaseWith = (ignored: "all others" | readonly [] = []): Decoder<Release> =>
  objectOf(
    { ...required, id: Fields.ordinal, revision: Fields.orNull(Fields.revision), at: Fields.instant },
    // The command that a release is made with has its name from tako.toml.
    { ...optional, by: Fields.label },
    { ignored }
  )

/** As JSON has it: a Map becomes an object. */
export const toJson = <S extends Specification>({ vars, ...rest }: S) =>
  vars === undefined ? rest : { ...rest, vars: Object.fromEntries(vars) }
