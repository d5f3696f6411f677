import type { AppName } from "../../domain/server/app-name.ts"
import type { Release } from "../../domain/server/release.ts"
import type { Revision } from "../../domain/server/revision.ts"
import type { SecretSet } from "../../domain/server/secret-set.ts"
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
