/**
 * The text with these lines in it, in this order: from the first that does not come after the one before it, they are
 * added to the end. Line ends are as in the text.
 */
export const withLines = (text: string, lines: ReadonlyArray<string>): string => {
  const present = text.split("\n").map((line) => line.trim())
  let last = -1
  let kept = 0
  for (const line of lines) {
    const index = present.lastIndexOf(line)
    if (index <= last) break
    last = index
    kept += 1
  }
  const missing = lines.slice(kept)
  if (missing.length === 0) return text
  const end = text.includes("\r\n") ? "\r\n" : "\n"
  const gap = text === "" || text.endsWith("\n") ? "" : end
  return text + gap + missing.map((line) => line + end).join("")
}
