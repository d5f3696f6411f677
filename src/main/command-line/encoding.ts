/**
 * What the user typed, in a form that @effect/cli cannot mistake for one of its own options (it looks for `--help`
 * behind `--` as well) and does not trim: a JSON text on one line. Its patterns end at any line terminator.
 */
export const encode = (value: string | ReadonlyArray<string>): string =>
  JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")

/** The inverse of `encode`, for a token that `encode` made. */
export const decode = <A extends string | ReadonlyArray<string>>(token: string): A => JSON.parse(token) as A
