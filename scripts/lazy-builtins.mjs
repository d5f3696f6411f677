// Modules of Node that cost 5 ms and more each, and that many commands never touch: loaded at their first use.
const heavy = ["node:crypto", "node:child_process"]

/** For esbuild: what imports such a module gets an empty object, behind which every property is looked up in the real one. */
export const lazyBuiltins = {
  name: "lazy-builtins",
  setup: (build) => {
    build.onResolve({ filter: /^node:/ }, ({ path, namespace }) => {
      if (!heavy.includes(path)) return undefined
      return namespace === "lazy" ? { path, external: true } : { path, namespace: "lazy" }
    })
    build.onLoad({ filter: /./, namespace: "lazy" }, ({ path }) => ({
      // esbuild copies the own properties of a CommonJS module, of which there are none, and keeps the prototype.
      contents: `module.exports = Object.create(new Proxy({}, { get: (_, key) => require("${path}")[key] }))`
    }))
  }
}
