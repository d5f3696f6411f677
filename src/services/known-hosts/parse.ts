/** A line of a known_hosts file that holds a key. */
export interface Entry {
  /** From 1. */
  readonly line: number
  readonly marker: "none" | "cert-authority" | "revoked"
  /** Patterns, or a hashed name, as it stands there. */
  readonly hosts: string
  readonly type: string
  readonly key: Buffer
}

/** The lines that hold a key; comments, what is malformed and what no ssh has written for years are passed over. */
export const parse = (text: string): ReadonlyArray<Entry> =>
  text.split("\n").flatMap((content, index) => {
    const entry = parseLine(content, index + 1)
    return entry === undefined ? [] : [entry]
  })

const parseLine = (content: string, line: number): Entry | undefined => {
  const fields = content
    .replace(/\r$/, "")
    .split(/[ \t]+/)
    .filter((field) => field !== "")
  const marker = fields[0]?.startsWith("@") ? markers.get(fields.shift() as string) : "none"
  const [hosts, type, base64] = fields
  if (marker === undefined || hosts === undefined || type === undefined || base64 === undefined)
    return undefined
  if (hosts.startsWith("#") || hosts.startsWith("@") || !/^[A-Za-z0-9+/]+=*$/.test(base64)) return undefined
  const key = Buffer.from(base64, "base64")
  return typeOf(key) === type ? { line, marker, hosts, type, key } : undefined
}

const markers = new Map<string, Entry["marker"]>([
  ["@cert-authority", "cert-authority"],
  ["@revoked", "revoked"]
])

/**
 * The type of a public key in the form of the wire, texts and numbers each with their length before them (RFC 4253, 6.6);
 * undefined of what has not that form to its end.
 */
export const typeOf = (key: Uint8Array): string | undefined => {
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  let type: string | undefined
  let at = 0
  while (at < key.length) {
    if (at + 4 > key.length) return undefined
    const end = at + 4 + view.getUint32(at)
    if (end > key.length) return undefined
    type ??= Buffer.from(key.subarray(at + 4, end)).toString("latin1")
    at = end
  }
  return type
}
