import { defaultSocket, type ServerEntry } from "./server-entry.ts"

/**
 * The text of a config.toml with a server more, at its end; everything else is as it was. Read what comes of it before
 * it is believed: a file whose servers are not in tables of their own cannot be added to in this way.
 */
export const withServer = (text: string, server: ServerEntry): string => {
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`
  return `${before}${before === "" ? "" : "\n"}${tableOf(server)}`
}

/**
 * The text without the table of the server at this place among them, and without the empty lines before it; comments
 * stay. Undefined when there is no such table. Read what comes of it before it is believed.
 */
export const withoutServer = (text: string, index: number): string | undefined => {
  const lines = text.split("\n")
  const headers = lines.flatMap((line, at) => (isServers.test(line) ? [at] : []))
  const header = headers[index]
  if (header === undefined) return undefined
  const next = lines.findIndex((line, at) => at > header && /^\s*\[/.test(line))
  const end = lines.slice(0, next < 0 ? lines.length : next).findLastIndex((line) => !isBetween.test(line))
  const start = lines.slice(0, header).findLastIndex((line) => line.trim() !== "") + 1
  return [...lines.slice(0, start), ...lines.slice(end + 1)].join("\n").replace(/^\n+/, "")
}

const isServers = /^\s*\[\[\s*(?:servers|"servers"|'servers')\s*\]\]\s*(?:#.*)?\r?$/
const isBetween = /^\s*(?:#.*)?$/

const tableOf = ({ name, socket, ssh: { host, port, user } }: ServerEntry): string =>
  [
    "[[servers]]",
    `name = ${quoted(name)}`,
    `host = ${quoted(host)}`,
    ...(port === undefined ? [] : [`port = ${port}`]),
    ...(user === undefined ? [] : [`user = ${quoted(user)}`]),
    ...(socket === defaultSocket ? [] : [`socket = ${quoted(socket)}`]),
    ""
  ].join("\n")

/** As TOML's basic strings have it, which for printable ASCII is as JSON has it. */
const quoted = (text: string): string => JSON.stringify(text)
