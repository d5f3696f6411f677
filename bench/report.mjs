import * as Fs from "node:fs"
import * as Os from "node:os"

/** A row that compares our median in ms with somebody else's; either is undefined if it could not be measured here. */
export const row = (what, ours, than, theirs, target = "") => [
  what,
  ours === undefined ? "-" : ours.toFixed(1),
  than,
  theirs === undefined ? "-" : theirs.toFixed(1),
  ours === undefined || theirs === undefined ? "not here" : (ours / theirs).toFixed(2),
  target
]

const aligned = (head, rows) => {
  const table = [head, ...rows].map((cells) => cells.map(String))
  const widths = head.map((_, column) => Math.max(...table.map((cells) => cells[column].length)))
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`
  const [first, ...others] = table
  return [
    line(first),
    `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`,
    ...others.map(line)
  ].join("\n")
}

/** Prints the tables, and with `write` also puts them between the markers in the README. */
export const report = (times, memory, { rounds, write, readme }) => {
  const [{ model }] = Os.cpus()
  const machine = `${Os.availableParallelism()} cores (${model.trim()}), ${Os.type()} ${Os.release().split("-")[0]}`
  const text = [
    `${machine}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}; load ${Os.loadavg()[0].toFixed(1)}.`,
    `Medians of ${rounds} interleaved runs after a warm-up, ms of wall time.`,
    "",
    aligned(["measurement", "ms", "compared with", "ms", "ratio", "target"], times),
    "",
    aligned(
      ["peak memory", "MiB"],
      memory.map(([what, amount]) => [what, amount === undefined ? "not here" : amount.toFixed(0)])
    )
  ].join("\n")
  console.log(text)
  if (!write) return
  const marks = /(<!-- measured -->\n)[\s\S]*?(<!-- end -->)/
  Fs.writeFileSync(
    readme,
    Fs.readFileSync(readme, "utf8").replace(marks, (_, begin, end) => `${begin}${text}\n${end}`)
  )
}
