import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Redacted from "effect/Redacted"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { SecretName } from "../../../src/domain/names.ts"
import { eventually } from "../../support/eventually.ts"
import type { Host } from "../../support/server.ts"

export const app = AppName("shop/production")

export const secretsOf = (values: Readonly<Record<string, string>>) =>
  new Map(Object.entries(values).map(([name, value]) => [SecretName(name), Redacted.make(value)]))

/** A program of apps/. */
export const program = (name: string): string =>
  Fs.readFileSync(Path.resolve(import.meta.dirname, "apps", name), "utf8")

/** Gives the shop these secrets. */
export const send = (host: Host, values: Readonly<Record<string, string>>) =>
  host.call({ command: "update_secrets", app, secrets: secretsOf(values), by: "a test" })

/** Runs the shop, an app that reads as the original's SDK does, behind an address. */
export const openShop = async (
  host: Host,
  values: Readonly<Record<string, string>>,
  instances = 2
): Promise<string> => {
  const listen = host.address()
  await send(host, values)
  await host.call({
    command: "deploy",
    app,
    directory: host.folderOf({ "server.cjs": program("sdk.cjs") }),
    start: ["node", "server.cjs"],
    listen,
    instances
  })
  return listen
}

/** What the app has written, as soon as a line of it is like this. */
export const logged = (host: Host, app: AppName, like: RegExp): Promise<ReadonlyArray<string>> =>
  eventually(`a line like ${like}`, async () => {
    const texts = (await host.call({ command: "logs", app })).lines.map(({ text }) => text)
    return texts.some((text) => like.test(text)) && texts
  })

/** Why it was refused. */
export const refusal = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "not refused",
    (error: Error) => error.message
  )
