/** How many columns a terminal gives to a text without control characters (Unicode Standard Annex 11). */
export const width = (text: string): number => {
  let columns = 0
  for (const character of text) columns += zero.test(character) ? 0 : wide.test(character) ? 2 : 1
  return columns
}

/** The longest end of a text that fits into so many columns. */
export const fittingEnd = (text: string, columns: number): string => {
  const characters = [...text]
  let room = columns
  let at = characters.length
  while (at > 0) {
    room -= width(characters[at - 1] as string)
    if (room < 0) break
    at -= 1
  }
  return characters.slice(at).join("")
}

const zero = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}])$/u
