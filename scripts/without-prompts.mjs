/**
 * An esbuild plugin that leaves out @effect/cli's prompts. Only its --wizard needs them, which tako refuses, and each of
 * them lays out text when it is loaded: 27 KB, and a thirtieth of a short command's instructions above bare Node.
 */
export const withoutPrompts = {
  name: "without-prompts",
  setup: (build) => {
    build.onResolve({ filter: /\/prompt\/[a-z-]+\.js$/ }, ({ path, importer }) =>
      /[\\/]@effect[\\/]cli[\\/]/.test(importer) ? { path, namespace: "without-prompts" } : undefined
    )
    build.onLoad({ filter: /./, namespace: "without-prompts" }, () => ({ contents: "module.exports = {}" }))
  }
}
