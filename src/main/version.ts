/** Put in by the build, from package.json. */
declare const TAKO_VERSION: string | undefined

export const version: string = typeof TAKO_VERSION === "string" ? TAKO_VERSION : "from-source"
