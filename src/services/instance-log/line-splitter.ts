import type { Needles } from "./masking.ts"

/** Longer lines are cut into several. */
const longestLine = 65_536

/** Masked lines out of the bytes of one stream. */
export class LineSplitter {
  private readonly decoder = new TextDecoder()
  private readonly onLine: (line: string) => void
  /** Something came since it was last looked. */
  private isFresh = false
  /** Not masked yet: the beginning of a value, perhaps. */
  private held = ""
  /** Masked, and without its newline yet. */
  private line = ""

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine
  }

  take(needles: Needles, piece: Uint8Array): void {
    const { text, rest } = needles.hide(this.held + this.decoder.decode(piece, { stream: true }), false)
    this.held = rest
    this.isFresh = true
    this.add(text)
  }

  /** Whether there is something that has waited since the last question. */
  isOverdue(): boolean {
    const { isFresh } = this
    this.isFresh = false
    return !isFresh && (this.held !== "" || this.line !== "")
  }

  /** Nobody knows when there comes more: tells what there is. */
  flush(needles: Needles): void {
    this.add(needles.hide(this.held, true).text)
    this.held = ""
    this.tell()
  }

  /** What would be told if there came nothing more. */
  pending(needles: Needles): string {
    return this.line + needles.hide(this.held, true).text
  }

  private add(text: string): void {
    const lines = (this.line + text).split("\n")
    this.line = lines.pop() ?? ""
    for (const line of lines) this.onLine(line.replace(/\r$/, ""))
    while (this.line.length > longestLine) {
      this.onLine(this.line.slice(0, longestLine))
      this.line = this.line.slice(longestLine)
    }
  }

  private tell(): void {
    if (this.line === "") return
    const { line } = this
    this.line = ""
    this.onLine(line)
  }
}
