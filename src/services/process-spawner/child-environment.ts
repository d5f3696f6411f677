/** What opens secrets or ssh keys, all names that begin like it, and a TAKO_PIPE that belongs to somebody further up. */
const withheld = /^(?:TAKO_KEY|TAKO_PASSPHRASE|TAKO_SSH_KEY|TAKO_PIPE$)/

/** Whether nothing that we start gets a variable of this name from us. */
export const isWithheld = (name: string): boolean => withheld.test(name)

/** The environment less what is withheld. */
export const childEnvironment = (
  environment: Readonly<Record<string, string | undefined>>
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !isWithheld(entry[0])
    )
  )
