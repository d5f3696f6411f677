import type { Environment, Environments } from "./environments.ts"

/** Whether two files hold the same, in whatever order. */
export const same = (a: Environments, b: Environments): boolean =>
  a.size === b.size && [...a].every(([name, environment]) => sameEnvironment(environment, b.get(name)))

const sameEnvironment = (a: Environment, b: Environment | undefined): boolean =>
  b !== undefined &&
  a.salt === b.salt &&
  a.secrets.size === b.secrets.size &&
  [...a.secrets].every(([name, sealed]) => b.secrets.get(name) === sealed) &&
  JSON.stringify(a.unknownFields) === JSON.stringify(b.unknownFields)
