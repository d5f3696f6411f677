/** Where a front may listen. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Splits `listen` of tako.toml ("127.0.0.1:8080" or "[::1]:8080") into its parts; it has been validated before. */
export const addressOf = (listen: string): ListenAddress => {
  const at = listen.lastIndexOf(":")
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(listen.slice(at + 1)) }
}

/** The URL for a browser. A front that listens on every interface is reached over loopback. */
export const urlOf = ({ host, port }: ListenAddress): string => {
  const reached = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`
}

const lowest = 20_000
const count = 10_000
const tries = 20

/**
 * Default addresses for a project, the preferred one first. Derived from its folder, so they stay the same. They start at
 * 20000 and stay below the ephemeral ports (32768 on Linux, 49152 on macOS).
 */
export const addressesOf = (folder: string): readonly [ListenAddress, ...ReadonlyArray<ListenAddress>] => {
  const start = fnv1a(folder)
  const nth = (index: number) => ({ host: "127.0.0.1", port: lowest + ((start + index) % count) })
  return [nth(0), ...Array.from({ length: tries - 1 }, (_, index) => nth(index + 1))]
}

/** A 32-bit FNV hash over UTF-16 units (Fowler, Noll, Vo; draft-eastlake-fnv). */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
