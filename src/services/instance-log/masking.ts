import * as Redacted from "effect/Redacted"
import type { SecretSet } from "../../domain/app/secret-set.ts"

export const redactedText = "[REDACTED]"

/** Masks texts in a stream of pieces. */
export interface Masker {
  /**
   * Returns the masked piece, up to where one of the texts may begin. The caller puts `rest` in front of the next piece.
   * At the end nothing is held back.
   */
  readonly mask: (piece: string, isEnd: boolean) => { readonly text: string; readonly rest: string }
}

const keyLength = 4

/** Looks texts up by their first four characters, and only where the first two are those of some text. */
export const maskerOf = (texts: Iterable<string>): Masker => {
  const byKey = new Map<string, Array<string>>()
  const beginnings = new Set<string>()
  const pairs = new Uint8Array(65_536)
  for (const text of texts) {
    const key = text.slice(0, keyLength)
    const same = byKey.get(key)
    if (same === undefined) byKey.set(key, [text])
    else same.push(text)
    for (let length = 1; length < keyLength; length++) beginnings.add(key.slice(0, length))
    pairs[pairOf(text, 0)] = 1
  }
  for (const same of byKey.values()) same.sort((a, b) => b.length - a.length)

  const mask = (piece: string, isEnd: boolean) => {
    let text = ""
    let from = 0
    let at = 0
    while (at < piece.length) {
      const left = piece.length - at
      if (left < keyLength) {
        if (!isEnd && beginnings.has(piece.slice(at))) break
      } else if (pairs[pairOf(piece, at)] === 1) {
        const candidates = byKey.get(piece.slice(at, at + keyLength)) ?? []
        // A longer text may match once the next piece arrives.
        if (!isEnd && candidates.some((one) => one.length > left && one.startsWith(piece.slice(at)))) break
        const found = candidates.find((one) => piece.startsWith(one, at))
        if (found !== undefined) {
          text += piece.slice(from, at) + redactedText
          at += found.length
          from = at
          continue
        }
      }
      at++
    }
    return { text: text + piece.slice(from, at), rest: piece.slice(at) }
  }
  return { mask: byKey.size === 0 ? (piece) => ({ text: piece, rest: "" }) : mask }
}

const pairOf = (text: string, at: number): number =>
  ((text.charCodeAt(at) << 5) ^ text.charCodeAt(at + 1)) & 0xffff

/** Shorter values occur everywhere, and masking them would make a log useless. */
const minLength = 6

/** Every form in which values may be printed: plain, by line, and in common encodings. */
export const maskedForms = (sets: Iterable<SecretSet>): ReadonlySet<string> => {
  const forms = new Set<string>()
  for (const set of sets) {
    for (const value of set.values()) {
      const text = Redacted.value(value)
      for (const part of [text, ...text.split(/\r?\n/)]) {
        if (part.length >= minLength) for (const form of formsOf(part)) forms.add(form)
      }
    }
  }
  return forms
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
  ].filter((form) => form.length >= minLength)
}

const escaped = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`

/** encodeURIComponent leaves !'()* alone, and throws on a lone surrogate. */
const urlEscaped = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  }
}

/** The characters of a longer base64 text that do not depend on neighbouring bytes, for each of the three alignments. */
const base64Forms = (bytes: Buffer): ReadonlyArray<string> =>
  [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64url")
    const first = Math.ceil((before * 8) / 6)
    const last = Math.floor(((before + bytes.length) * 8) / 6)
    const form = encoded.slice(first, last)
    return [form, form.replaceAll("-", "+").replaceAll("_", "/")]
  })
