import * as Fs from "node:fs"
import * as Path from "node:path"

/** An esbuild plugin for `import text from "./file?raw"`, the text of that file, which vitest supports by itself. */
export const rawText = {
  name: "raw-text",
  setup: (build) => {
    build.onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
      path: Path.join(resolveDir, path.slice(0, -"?raw".length)),
      namespace: "raw-text"
    }))
    build.onLoad({ filter: /./, namespace: "raw-text" }, ({ path }) => ({
      contents: Fs.readFileSync(path, "utf8"),
      loader: "text"
    }))
  }
}
