/**
 * For esbuild: what imports a module of Node gets one empty object, behind which every property is looked up in the real
 * one, which is loaded at the first such look. Some cost 10 ms, and most commands touch few of them; and without this
 * esbuild copies the hundred properties of node:fs once for every file that imports it.
 */
export const lazyBuiltins = {
  name: "lazy-builtins",
  setup: (build) => {
    build.onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
      namespace === "lazy" ? { path, external: true } : { path, namespace: "lazy" }
    )
    build.onLoad({ filter: /./, namespace: "lazy" }, ({ path }) => ({
      // esbuild copies the own properties of a CommonJS module, of which there are none, and keeps the prototype.
      contents: `let real; module.exports = Object.create(new Proxy({}, { get: (_, key) => (real ??= require("${path}"))[key] }))`
    }))
  }
}
