// Wide and fullwidth in UAX #11 (East Asian Width), by block; emoji have their own property.
const wide =
  /\ufe0f|[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u
const nothingVisible = /^[\p{Mark}\p{Cf}\p{Cc}]*$/u
const ascii = /^[ -~]*$/

/** How many columns of a terminal a text takes. */
export const displayWidth = (text: string): number => {
  if (ascii.test(text)) return text.length
  let width = 0
  for (const grapheme of graphemes(text)) {
    width += nothingVisible.test(grapheme) ? 0 : wide.test(grapheme) ? 2 : 1
  }
  return width
}

/** The characters as people see them (UAX #29): a letter with its combining marks, or an emoji of several code points. */
export const graphemes = (text: string): ReadonlyArray<string> =>
  ascii.test(text) ? [...text] : Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
