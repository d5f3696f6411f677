import * as Effect from "effect/Effect"
import { Usage } from "../../../domain/errors/user.ts"
import { argument, leaf } from "../command.ts"
import { out } from "../output.ts"
import bash from "./tako.bash?raw"
import fish from "./tako.fish?raw"
import zsh from "./tako.zsh?raw"

const scripts = new Map([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish]
])

const shells = [...scripts.keys()].join("|")

export const completions = leaf(
  "completions",
  {
    summary: "Print a completion script for your shell",
    description: "The first lines of the script say where to install it.",
    example: "tako completions fish > ~/.config/fish/completions/tako.fish",
    arguments: { shell: argument.text(shells, { summary: "Your shell" }) }
  },
  ({ shell }) => {
    const script = scripts.get(shell)
    return script === undefined
      ? Effect.fail(
          new Usage({
            problem: "Completions exist for bash, zsh and fish.",
            hint: "For example: tako completions bash"
          })
        )
      : out(script)
  }
)
