/** Fields of one connection rather than of the message (RFC 9110 §7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings"
])

/** Whether a name that starts with this character, in either case, could be one that a front handles itself. */
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

/** Expects a lowercase name. */
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
 * Whether only the front may set it: it tells apps who the client is, or what tako has to say. CGI and WSGI turn dashes
 * into underscores, so names with underscores count too. Expects a lowercase name.
 */
export const isSetByFront = (name: string): boolean => {
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

/** The options of a Connection field, in lower case. Fields of these names belong to the connection, too. */
export const connectionOptions = (connection: string): ReadonlyArray<string> =>
  connection
    .toLowerCase()
    .split(",")
    .map((option) => option.trim())

/** Fields that a recipient needs before the body (RFC 9110 §6.5.1). */
const forbiddenTrailers = new Set([
  "content-length",
  "host",
  "trailer",
  "authorization",
  "cookie",
  "set-cookie"
])

/** The trailer fields that may be forwarded, as pairs of name and value. */
export const forwardableTrailers = (fields: ReadonlyArray<string>): Array<[string, string]> => {
  const kept: Array<[string, string]> = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase()
    if (!isHopByHop(name) && !isSetByFront(name) && !forbiddenTrailers.has(name))
      kept.push([fields[i] as string, fields[i + 1] as string])
  }
  return kept
}
