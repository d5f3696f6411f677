/** What opens secrets, and so is nothing for what we start. */
const ours = new Set(["TAKO_KEY", "TAKO_KEY_FILE", "TAKO_PASSPHRASE", "TAKO_PASSPHRASE_FILE"])

/** The environment less passphrases and keys, and less a TAKO_PIPE that belongs to somebody further up. */
export const childEnvironment = (
  environment: Readonly<Record<string, string | undefined>>
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !ours.has(entry[0]) && entry[0] !== "TAKO_PIPE"
    )
  )
