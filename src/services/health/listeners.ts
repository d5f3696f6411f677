import * as Fs from "node:fs"

/** 127.0.0.1, 0.0.0.0, [::] and [::ffff:127.0.0.1] as proc_net(5) has them, on a machine that stores numbers as Intel's do. */
const reachable: ReadonlySet<string> = new Set([
  "0100007F",
  "00000000",
  "0".repeat(32),
  "0000000000000000FFFF00000100007F"
])

const listening = "0A"

/** Whose sockets listen where a connection to 127.0.0.1 on the port arrives; "unknown" without /proc. */
export const listeners = (
  port: number,
  files: ReadonlyArray<string> = ["/proc/net/tcp", "/proc/net/tcp6"]
): ReadonlySet<number> | "unknown" => {
  const texts = files.map(read)
  if (texts.every((text) => text === undefined)) return "unknown"
  const wanted = port.toString(16).toUpperCase().padStart(4, "0")
  const users = new Set<number>()
  for (const line of texts.flatMap((text) => (text ?? "").split("\n"))) {
    // sl local_address rem_address st tx:rx tr:tm retrnsmt uid …
    const [, local = "", , state, , , , user] = line.trim().split(/\s+/)
    const [address = "", localPort] = local.split(":")
    if (state === listening && localPort === wanted && reachable.has(address)) users.add(Number(user))
  }
  return users
}

const read = (path: string): string | undefined => {
  try {
    return Fs.readFileSync(path, "latin1")
  } catch {
    return undefined
  }
}
