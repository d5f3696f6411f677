import * as Redacted from "effect/Redacted"
import type { SecretSet } from "../../domain/app/secret-set.ts"

/** Shorter values are everywhere, so that a log without them would be of no use. */
const shortest = 6

/** Every text under which the values may appear: as they are, and as programs print them. */
export const needlesOf = (sets: Iterable<SecretSet>): ReadonlySet<string> => {
  const needles = new Set<string>()
  for (const set of sets) {
    for (const value of set.values()) {
      const text = Redacted.value(value)
      for (const part of [text, ...text.split(/\r?\n/)]) {
        if (part.length >= shortest) for (const form of formsOf(part)) needles.add(form)
      }
    }
  }
  return needles
}

const formsOf = (text: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(text, "utf8")
  const hex = bytes.toString("hex")
  const uri = bytes.toString("latin1").replace(/[^A-Za-z0-9_.~-]/g, escaped)
  return [
    text,
    JSON.stringify(text).slice(1, -1),
    uri,
    uri.replaceAll("%20", "+"),
    urlEscaped(text),
    hex,
    hex.toUpperCase(),
    ...base64Forms(bytes)
  ].filter((form) => form.length >= shortest)
}

const escaped = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`

/** As encodeURIComponent does it, which leaves !'()* alone and throws at half a surrogate pair. */
const urlEscaped = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  }
}

/** What does not depend on the bytes before and after, wherever in a longer base64 they begin. */
const base64Forms = (bytes: Buffer): ReadonlyArray<string> =>
  [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64url")
    const first = Math.ceil((before * 8) / 6)
    const last = Math.floor(((before + bytes.length) * 8) / 6)
    const form = encoded.slice(first, last)
    return [form, form.replaceAll("-", "+").replaceAll("_", "/")]
  })
