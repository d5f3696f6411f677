import * as Option from "effect/Option"

/** "y" or "yes" is yes, "n" or "no" is no, nothing is the default; none for anything else. */
export const yesOrNo = (answer: string, byDefault: boolean): Option.Option<boolean> => {
  switch (answer.trim().toLowerCase()) {
    case "":
      return Option.some(byDefault)
    case "y":
    case "yes":
      return Option.some(true)
    case "n":
    case "no":
      return Option.some(false)
    default:
      return Option.none()
  }
}

/** One of the choices, by its text or else by its number from 1; none for anything else. */
export const choice = (answer: string, choices: ReadonlyArray<string>): Option.Option<string> => {
  const typed = answer.trim()
  if (choices.includes(typed)) return Option.some(typed)
  return /^[0-9]{1,9}$/.test(typed) ? Option.fromNullable(choices[Number(typed) - 1]) : Option.none()
}
