/**
 * The package of a Go source file; undefined where it says none, is not built (`//go:build ignore`), or is a test's, whose
 * package may be another than its folder's.
 */
export const goPackage = (file: string, text: string): string | undefined => {
  if (!file.endsWith(".go") || file.endsWith("_test.go")) return undefined
  if (/^\/\/go:build ignore\s*$/m.test(text)) return undefined
  const code = text.replace(/^\uFEFF/, "").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")
  return /^\s*package\s+([\p{L}_][\p{L}\p{Nd}_]*)/u.exec(code)?.[1]
}
