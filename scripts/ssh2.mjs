// ssh2 as one file of ours, beside what loads it. As a dependency it would have every installation of tako run scripts and
// compile C++ for half a minute (its own binding, and cpu-features), for a cipher that AES-GCM goes before anyway.

/** For esbuild: import("ssh2") loads this file, named as it lies beside the output. */
export const ssh2At = (path) => ({
  name: "ssh2",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^ssh2$/ }, () => ({ path, external: true }))
  }
})

/** For esbuild: the options that make the file. Both bindings are looked for by ssh2, and done without. */
export const ssh2Alone = { entryPoints: ["ssh2"], external: ["cpu-features", "*.node"] }
