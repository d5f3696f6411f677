/**
 * An esbuild plugin that loads Node's modules on first use: an import gets an empty object whose properties are looked up
 * in the real module, which the first lookup loads. Some modules cost 10 ms, and most commands use few of them. Without
 * this, esbuild also copies the hundred properties of node:fs once for every file that imports it.
 */
export const lazyBuiltins = {
  name: "lazy-builtins",
  setup: (build) => {
    build.onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
      namespace === "lazy" ? { path, external: true } : { path, namespace: "lazy" }
    )
    build.onLoad({ filter: /./, namespace: "lazy" }, ({ path }) => ({
      // esbuild copies a CommonJS module's own properties, of which this has none, and keeps its prototype.
      contents: `let real; module.exports = Object.create(new Proxy({}, { get: (_, key) => (real ??= require("${path}"))[key] }))`
    }))
  }
}
