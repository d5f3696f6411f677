/** Variables that open secrets or ssh keys, by prefix, and the TAKO_PIPE of an ancestor. */
const withheld = /^(?:TAKO_KEY|TAKO_PASSPHRASE|TAKO_SSH_KEY|TAKO_PIPE$)/

/** Whether this variable is never passed to a child. */
export const isWithheld = (name: string): boolean => withheld.test(name)

/** The environment without the variables that are never passed to a child. */
export const childEnvironment = (
  environment: Readonly<Record<string, string | undefined>>
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !isWithheld(entry[0])
    )
  )
