import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { set } from "../../../src/programs/secrets/set.ts"
import { place } from "../../support/project-of.ts"
import { passphrase, value } from "../commands.ts"
import { deriveCheaply, orThrow, run } from "../in-process.ts"
import type { Lane } from "../lane.ts"
import * as Tree from "../tree.ts"

/** A project with canaries, and a machine that can open it. */
export interface Canaries {
  readonly tree: Tree.Tree
  readonly folder: string
  readonly secrets: Readonly<Record<"the value" | "the passphrase" | "the key", string>>
  /** A file with the passphrase, for TAKO_PASSPHRASE_FILE. */
  readonly passphraseFile: string
}

export const other = "a value that is no secret"

export const makeCanaries = async (root: string, lane: Lane): Promise<Canaries> => {
  const folder = { kind: "folder", mode: 0o700 } as const
  Tree.write(
    lane.folder,
    new Map([
      ["project", folder],
      ["home", folder]
    ]),
    "",
    ""
  )
  const put = (environment: string, name: string, text: string) =>
    run(lane, set(place(environment, name), Effect.succeed(Redacted.make(text)), { allowEmpty: false }), {
      TAKO_PASSPHRASE: passphrase
    })
  // The program must derive the same key.
  const was = deriveCheaply(false)
  for (const [environment, name, text] of [
    ["development", "A", value],
    ["development", "B", other],
    ["production", "A", value]
  ] as const) {
    orThrow(await put(environment, name, text))
  }
  deriveCheaply(was)
  const passphraseFile = Path.join(root, "passphrase")
  Fs.writeFileSync(passphraseFile, `${passphrase}\n`, { mode: 0o600 })
  const pins = JSON.parse(Fs.readFileSync(Path.join(lane.home, "pins.json"), "utf8")) as Record<
    string,
    Record<string, string>
  >
  const id = Object.values(pins)[0]?.development ?? ""
  const key = Fs.readFileSync(Path.join(lane.home, "keys", id), "latin1").trim()
  return {
    tree: Tree.read(lane.folder),
    folder: lane.folder,
    secrets: { "the value": value, "the passphrase": passphrase, "the key": key },
    passphraseFile
  }
}

type File = Record<string, { salt: string; secrets: Record<string, string> }>

export const editFile = (lane: Lane, edit: (file: File) => void): void => {
  const path = Path.join(lane.project, ".tako", "secrets.json")
  const file = JSON.parse(Fs.readFileSync(path, "utf8")) as File
  edit(file)
  Fs.writeFileSync(path, JSON.stringify(file, null, 2))
}

/** The app's program, in the source tree: the same for every lane. */
export const app = Path.join(process.env.TAKO_PROOF_ROOT ?? process.cwd(), "test/proof/leaks/app.cjs")

/** A tako.toml of an app on this server; `more` are lines of its environment. */
export const describeApp = (lane: Lane, server = "local", more: ReadonlyArray<string> = []): void =>
  Fs.writeFileSync(
    Path.join(lane.project, "tako.toml"),
    [
      'name = "shop"',
      `start = ["node", ${JSON.stringify(app)}]`,
      "[envs.development]",
      `servers = ["${server}"]`,
      ...more,
      ""
    ].join("\n")
  )
