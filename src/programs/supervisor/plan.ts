import type { AppName } from "../../domain/app/app-name.ts"
import type { Release, Revision } from "../../domain/app/release.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { Home } from "../../services/app-home/app-home.ts"
import { defaultDrain, type Settings } from "./settings.ts"

/** What instances are started from. */
export interface Plan {
  readonly app: AppName
  readonly release: Release
  /** Null: the app has never had secrets. */
  readonly revision: Revision | null
  readonly secrets: SecretSet
  readonly home: Home
  readonly settings: Settings
}

export const drainOf = ({ release }: Plan): number => release.drain_ms ?? defaultDrain
