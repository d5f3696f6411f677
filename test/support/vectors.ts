import * as Fs from "node:fs"
import * as Path from "node:path"

const own = Path.resolve(import.meta.dirname, "../vectors")
const shared = Path.resolve(import.meta.dirname, "../../../shared/vectors")

/** The golden files beside the project if they exist, else our copies. */
export const folder = Fs.existsSync(Path.join(shared, "bound.secrets.json")) ? shared : own

export const read = (name: string): Buffer => Fs.readFileSync(Path.join(folder, name))

export const readJson = <A>(name: string): A => JSON.parse(read(name).toString("utf8")) as A

/** The content of a golden file's `*.expected.json`. */
export interface Expected {
  readonly passphrase: string
  readonly environments: Readonly<
    Record<
      string,
      {
        readonly salt: string
        readonly key: string
        readonly cacheFile: string
        readonly values: Readonly<Record<string, string>>
      }
    >
  >
}
