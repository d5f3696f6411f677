import type * as Ssh2 from "ssh2"

export type Module = typeof Ssh2

/** Loaded when a server is first connected to, because it costs 40 ms. */
export const load = async (): Promise<Module> => {
  const module = (await import("ssh2")) as Module & { readonly default?: Module }
  return module.default ?? module
}
