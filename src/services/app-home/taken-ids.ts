import * as Fs from "node:fs"

interface Range {
  readonly from: number
  readonly to: number
}

/** Numeric ids that somebody has: by name in passwd(5) and group(5), or in a range of subuid(5) and subgid(5). */
export const takenIds = (etc = "/etc"): ((id: number) => boolean) => {
  const linesOf = (name: string) =>
    read(`${etc}/${name}`)
      .split("\n")
      .map((line) => line.split(":"))
  const named = new Set(
    [...linesOf("passwd"), ...linesOf("group")].map(([, , id]) => Number(id)).filter(Number.isSafeInteger)
  )
  const ranges = [...linesOf("subuid"), ...linesOf("subgid"), ...systemd].map(
    ([, from, count]): Range => ({ from: Number(from), to: Number(from) + Number(count) - 1 })
  )
  return (id) => named.has(id) || ranges.some(({ from, to }) => id >= from && id <= to)
}

/** systemd's dynamic users, and what stands for nobody (https://systemd.io/UIDS-GIDS). */
const systemd: ReadonlyArray<ReadonlyArray<string>> = [
  ["", "61184", "4336"],
  ["", "65534", "2"]
]

const read = (path: string): string => {
  try {
    return Fs.readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
