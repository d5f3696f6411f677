/**
 * For esbuild: leaves @effect/cli's prompts out. They are for its --wizard, which tako refuses, and each lays out a text
 * with the printer when it is loaded: 27 KB, and a thirtieth of what a short command takes above bare Node.
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
