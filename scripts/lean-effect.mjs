import { readFile } from "node:fs/promises"

/**
 * For esbuild: two of Effect's modules look at `performance` and `process.stdout` when they are loaded, and use neither here
 * (the clock takes process.hrtime, and the default logger is removed). The looks alone load node:perf_hooks, node:net and
 * node:stream: 12 ms.
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
        if (lean === source) throw new Error(`${path} looks at neither any more: this plugin can go`)
        return { contents: lean }
      }
    )
  }
}
