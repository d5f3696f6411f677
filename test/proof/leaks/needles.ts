/** The texts that must not be found anywhere, by name. */
export type Secrets = Readonly<Record<string, string>>

interface Needle {
  readonly what: string
  readonly bytes: Buffer
}

const made = new Map<string, ReadonlyArray<Needle>>()

/** Every encoding in which a text is likely to be written. */
export const spellings = (text: string): ReadonlyArray<Needle> => {
  const known = made.get(text)
  if (known !== undefined) return known
  const bytes = Buffer.from(text)
  // A key is base64 itself, so its bytes count as well.
  const raw = /^[A-Za-z0-9+/]{43}=$/.test(text) ? [needle("its bytes", Buffer.from(text, "base64"))] : []
  const hexOf =
    raw.length > 0 ? [needle("its bytes in hex", Buffer.from(raw[0]?.bytes.toString("hex") ?? ""))] : []
  const json = JSON.stringify(text).slice(1, -1)
  const needles = [
    needle("as it is", bytes),
    needle("in hex", Buffer.from(bytes.toString("hex"))),
    needle("in hex, capitals", Buffer.from(bytes.toString("hex").toUpperCase())),
    needle("URL-encoded", Buffer.from(encodeURIComponent(text))),
    needle("URL-encoded, as a form", Buffer.from(new URLSearchParams([["", text]]).toString().slice(1))),
    needle("JSON-escaped", Buffer.from(json)),
    needle("JSON-escaped twice", Buffer.from(JSON.stringify(json).slice(1, -1))),
    needle("in UTF-16", Buffer.from(text, "utf16le")),
    ...[0, 1, 2].flatMap((alignment) => [
      needle(`in base64, alignment ${alignment}`, base64Inside(bytes, alignment)),
      needle(`in base64url, alignment ${alignment}`, toUrl(base64Inside(bytes, alignment)))
    ]),
    ...raw,
    ...hexOf
  ]
  made.set(text, needles)
  return needles
}

const needle = (what: string, bytes: Buffer): Needle => ({ what, bytes })

/** The base64 characters that depend on the text alone, with `alignment` bytes before it and any bytes after it. */
const base64Inside = (bytes: Buffer, alignment: number): Buffer => {
  const text = Buffer.concat([Buffer.alloc(alignment), bytes])
    .toString("base64")
    .replace(/=+$/, "")
  const from = Math.ceil((alignment * 8) / 6)
  const to = Math.floor(((alignment + bytes.length) * 8) / 6)
  return Buffer.from(text.slice(from, to))
}

const toUrl = (base64: Buffer): Buffer =>
  Buffer.from(base64.toString("latin1").replaceAll("+", "-").replaceAll("/", "_"))

/** The names of the secrets that are found, and in which encoding; never the texts themselves. */
export const searchFor = (secrets: Secrets, where: Buffer): ReadonlyArray<string> =>
  Object.entries(secrets).flatMap(([name, text]) => {
    const found = spellings(text).find(({ bytes }) => where.includes(bytes))
    return found === undefined ? [] : [`${name} ${found.what}`]
  })
