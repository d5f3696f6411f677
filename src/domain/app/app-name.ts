import * as Brand from "effect/Brand"
import type { EnvironmentName } from "../names.ts"

/** An app on a server: `<project>/<environment>`, 1 to 63 characters each ("shop/production"). */
export type AppName = string & Brand.Brand<"AppName">

// Each part can be used as a folder name. The original's environments consist of a-z, 0-9 and "-".
const pattern = /^[a-z][a-z0-9-]{0,62}\/[a-z0-9-]{1,63}$/

export const isAppName = (text: string): text is AppName => pattern.test(text)

/** For a name written in code: throws BrandErrors if it is invalid. */
export const AppName = Brand.refined<AppName>(isAppName, () => Brand.error("Not the name of an app"))

export interface Parts {
  readonly project: string
  readonly environment: EnvironmentName
}

export const partsOf = (app: AppName): Parts => {
  const [project = "", environment = ""] = app.split("/")
  return { project, environment: environment as EnvironmentName }
}
