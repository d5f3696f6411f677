import * as Redacted from "effect/Redacted"
import type { SecretSet } from "../../domain/app/secret-set.ts"

export const mask = "[REDACTED]"

/** Finds texts in a text that comes in pieces. */
export interface Needles {
  /**
   * The piece with the texts masked, up to where one of them may have begun; `rest` is what is to come again before the next
   * piece. At the end nothing is held back.
   */
  readonly hide: (piece: string, isEnd: boolean) => { readonly text: string; readonly rest: string }
}

const keyLength = 4

/** By their first four characters, which are looked up only where the first two are those of some text. */
export const needlesIn = (texts: Iterable<string>): Needles => {
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

  const hide = (piece: string, isEnd: boolean) => {
    let text = ""
    let from = 0
    let at = 0
    while (at < piece.length) {
      const left = piece.length - at
      if (left < keyLength) {
        if (!isEnd && beginnings.has(piece.slice(at))) break
      } else if (pairs[pairOf(piece, at)] === 1) {
        const candidates = byKey.get(piece.slice(at, at + keyLength)) ?? []
        // One that is longer than what is there may be the one that is meant.
        if (!isEnd && candidates.some((one) => one.length > left && one.startsWith(piece.slice(at)))) break
        const found = candidates.find((one) => piece.startsWith(one, at))
        if (found !== undefined) {
          text += piece.slice(from, at) + mask
          at += found.length
          from = at
          continue
        }
      }
      at++
    }
    return { text: text + piece.slice(from, at), rest: piece.slice(at) }
  }
  return { hide: byKey.size === 0 ? (piece) => ({ text: piece, rest: "" }) : hide }
}

const pairOf = (text: string, at: number): number =>
  ((text.charCodeAt(at) << 5) ^ text.charCodeAt(at + 1)) & 0xffff

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
