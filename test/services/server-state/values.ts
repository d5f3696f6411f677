import * as Redacted from "effect/Redacted"
import { AppName } from "../../../src/domain/app/app-name.ts"
import type { RevisionRecord } from "../../../src/domain/app/app-state.ts"
import type { Release, Revision } from "../../../src/domain/app/release.ts"
import type { SecretSet } from "../../../src/domain/app/secret-set.ts"
import { SecretName } from "../../../src/domain/names.ts"

export const app = AppName("shop/production")
export const other = AppName("shop/staging")
export const at = "2026-01-31T12:00:00.000Z"
export const canary = "c4nary-f00d-value"

export const revision = (n: number) => n as Revision

export const secretsOf = (n: number): SecretSet =>
  new Map([
    [SecretName("DATABASE_URL"), Redacted.make(`${canary}-${n}`)],
    [SecretName("N"), Redacted.make(String(n))]
  ])

export const recordOf = (n: number): RevisionRecord => ({
  revision: revision(n),
  names: [SecretName("DATABASE_URL"), SecretName("N")],
  proven: true,
  at
})

export const releaseOf = (id: number, of: Revision | null): Release => ({
  id,
  revision: of,
  at,
  directory: "/srv/shop",
  start: ["node", "server.js"],
  vars: new Map([["LOG", "debug"]])
})
