/**
 * Text from a commit, fit for a terminal: anybody can write a commit, so control characters (escape sequences), invisible
 * ones and those that turn the direction of writing become "�", and it is cut to `most` characters.
 */
export const printable = (text: string, most: number): string => {
  const characters = [...text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, "�")]
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : characters.join("")
}
