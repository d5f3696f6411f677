import * as Redacted from "effect/Redacted"
import type { Plan } from "./plan.ts"

/** How a plan differs from the one before: names alone, sorted. */
export interface Changes {
  readonly addedSecrets: ReadonlyArray<string>
  readonly changedSecrets: ReadonlyArray<string>
  readonly removedSecrets: ReadonlyArray<string>
  readonly variables: ReadonlyArray<string>
  readonly command: boolean
  readonly address: boolean
}

/** Undefined where there is no difference that the program would notice. */
export const changesBetween = (before: Plan, after: Plan): Changes | undefined => {
  const changes: Changes = {
    addedSecrets: [...after.secrets.keys()].filter((name) => !before.secrets.has(name)).sort(),
    removedSecrets: [...before.secrets.keys()].filter((name) => !after.secrets.has(name)).sort(),
    changedSecrets: [...after.secrets]
      .filter(([name, value]) => {
        const old = before.secrets.get(name)
        return old !== undefined && Redacted.value(old) !== Redacted.value(value)
      })
      .map(([name]) => name)
      .sort(),
    variables: [...new Set([...Object.keys(before.variables), ...Object.keys(after.variables)])]
      .filter((name) => before.variables[name] !== after.variables[name])
      .sort(),
    command:
      JSON.stringify([before.command, before.directory]) !== JSON.stringify([after.command, after.directory]),
    address: JSON.stringify(before.addresses) !== JSON.stringify(after.addresses)
  }
  const isAny = Object.values(changes).some((change) =>
    typeof change === "boolean" ? change : change.length > 0
  )
  return isAny ? changes : undefined
}
