import { readFile } from "node:fs/promises"

/**
 * An esbuild plugin that removes two lookups from Effect: its clock and logger modules read `performance` and
 * `process.stdout` when they are loaded, though tako uses neither (the clock uses process.hrtime, the default logger is
 * removed). The lookups alone load node:perf_hooks, node:net and node:stream, which takes 12 ms.
 */
export const leanEffect = {
  name: "lean-effect",
  setup: (build) => {
    build.onLoad(
      { filter: /[\\/]effect[\\/]dist[\\/]esm[\\/]internal[\\/](clock|logger)\.js$/ },
      async ({ path }) => {
        const source = await readFile(path, "utf8")
        const lean = source
          .replace(/\bprocess\.stdout\b/g, "undefined")
          .replace(/\bperformance\b/g, "undefined")
        if (lean === source) throw new Error(`${path} no longer reads either: remove this plugin`)
        return { contents: lean }
      }
    )
  }
}
