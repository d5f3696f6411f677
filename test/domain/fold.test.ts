import { describe, expect, it } from "vitest"
import { fold } from "../../src/domain/fold.ts"

describe("fold", () => {
  it("breaks sentences between words, and leaves short and indented lines as they are", () => {
    expect(fold("A value is never taken from an argument.\nDone.\n  a line that is indented", 20)).toBe(
      "A value is never\ntaken from an\nargument.\nDone.\n  a line that is indented"
    )
  })

  it("keeps a command whole, so that it can be copied", () => {
    const command = "tako secrets set STRIPE_KEY --env staging"
    expect(fold(`1 secret is missing in staging: ${command}`, 20)).toBe(
      `1 secret is missing\nin staging:\n  ${command}`
    )
    expect(fold(`Type: ${command}`, 60)).toBe(`Type: ${command}`)
  })

  it("counts visible columns: colours as none, wide characters as two", () => {
    expect(fold("\u001b[1mab\u001b[22m cd ef", 8)).toBe("\u001b[1mab\u001b[22m cd ef")
    expect(fold("日本 日本 日本", 9)).toBe("日本 日本\n日本")
  })

  it("never breaks a word", () => {
    expect(fold("hub-chapter-boost-icon-force-core", 10)).toBe("hub-chapter-boost-icon-force-core")
  })
})
