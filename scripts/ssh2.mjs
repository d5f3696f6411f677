// Bundles ssh2 into its own file beside the program. As a dependency, ssh2 would make every installation of tako run
// install scripts and compile C++ for half a minute (its binding and cpu-features), for a cipher that comes after AES-GCM
// anyway.

/** An esbuild plugin that makes import("ssh2") load that file, by its path from the output. */
export const ssh2At = (path) => ({
  name: "ssh2",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^ssh2$/ }, () => ({ path, external: true }))
  }
})

/** esbuild's options for that file. ssh2 looks for both native bindings, and works without them. */
export const ssh2Alone = { entryPoints: ["ssh2"], external: ["cpu-features", "*.node"] }
