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
