/** A file as a text, put in by the build (scripts/raw-text.mjs) and by vitest. */
declare module "*?raw" {
  const text: string
  export default text
}
