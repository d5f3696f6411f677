/** Of one connection, not of the message: RFC 9110 §7.6.1. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings"
])

/** Whether a name that begins with this character, in either case, could be one of those that a front looks at. */
export const mayBeSpecial = (first: number): boolean => {
  switch (first | 32) {
    case 99: // c
    case 101: // e
    case 102: // f
    case 104: // h
    case 107: // k
    case 112: // p
    case 116: // t
    case 117: // u
    case 120: // x
      return true
    default:
      return false
  }
}

/** Takes a name in lower case. */
export const isHopByHop = (name: string): boolean => {
  switch (name.charCodeAt(0)) {
    case 99: // c
    case 104: // h
    case 107: // k
    case 112: // p
    case 116: // t
    case 117: // u
      return hopByHop.has(name)
    default:
      return false
  }
}

/**
 * What only a front may say: who the client is, and what tako says to its apps. Also with underscores, which become the
 * same in CGI and WSGI. Takes a name in lower case.
 */
export const isFrontsOwn = (name: string): boolean => {
  switch (name.charCodeAt(0)) {
    case 120: {
      // x
      const dashed = name.includes("_") ? name.replaceAll("_", "-") : name
      return dashed.startsWith("x-tako-") || dashed.startsWith("x-forwarded-") || dashed === "x-real-ip"
    }
    case 102: // f
      return name === "forwarded"
    default:
      return false
  }
}

/** The options of a Connection field, in lower case. */
export const namedBy = (connection: string): ReadonlyArray<string> =>
  connection
    .toLowerCase()
    .split(",")
    .map((option) => option.trim())

/** What a trailer must not say, because it was needed before the body (RFC 9110 §6.5.1). */
const neverTrailing = new Set(["content-length", "host", "trailer", "authorization", "cookie", "set-cookie"])

/** The trailer fields that may go on, as name, value pairs. */
export const trailing = (fields: ReadonlyArray<string>): Array<[string, string]> => {
  const kept: Array<[string, string]> = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase()
    if (!isHopByHop(name) && !isFrontsOwn(name) && !neverTrailing.has(name))
      kept.push([fields[i] as string, fields[i + 1] as string])
  }
  return kept
}
