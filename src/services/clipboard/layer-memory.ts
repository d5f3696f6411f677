import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClipboardUnavailable } from "../../domain/errors/processes.ts"
import { Clipboard } from "./clipboard.ts"

/** The rest of the desktop, which pastes from a clipboard in memory and copies to it. */
export class ClipboardContents extends Context.Tag("tako/ClipboardContents")<
  ClipboardContents,
  { readonly paste: Effect.Effect<string>; readonly copy: (text: string) => Effect.Effect<void> }
>() {}

/** An empty clipboard; with `isThere: false`, none at all. */
export const layerMemory = (
  options: { readonly isThere?: boolean } = {}
): Layer.Layer<Clipboard | ClipboardContents> =>
  Layer.effectContext(
    Effect.sync(() => {
      let contents = ""
      const set = (text: string) =>
        Effect.sync(() => {
          contents = text
        })
      const ifThere = (effect: Effect.Effect<void>) =>
        options.isThere === false
          ? Effect.fail(new ClipboardUnavailable({ reason: "no-program", tried: ["memory"] }))
          : effect
      return Context.make(Clipboard, {
        copy: (text) => ifThere(set(Redacted.value(text))),
        clear: (text) =>
          ifThere(Effect.suspend(() => (contents === Redacted.value(text) ? set("") : Effect.void)))
      }).pipe(Context.add(ClipboardContents, { paste: Effect.sync(() => contents), copy: set }))
    })
  )
