import * as Fs from "node:fs"

/** One line of the table. */
export interface Row {
  readonly trial: string
  /** The amount of work: "300 kills at 212 places". */
  readonly size: string
  readonly result: string
  readonly seconds: number
  readonly failures: ReadonlyArray<string>
  /** The failures of earlier attempts, one entry each. */
  readonly earlier?: ReadonlyArray<ReadonlyArray<string>>
}

const shown = 12
let isQuiet = false

/** Trials that are expected to fail are not printed. */
export const quietly = async <A>(row: Promise<A>): Promise<A> => {
  isQuiet = true
  try {
    return await row
  } finally {
    isQuiet = false
  }
}

/** The wall time, and the processor time of this process and of children that have ended (proc(5), fields 14 to 17). */
export const took = (): string => {
  const stat = Fs.readFileSync("/proc/self/stat", "latin1")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const ofProcessors = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
  return `${(performance.now() / 1000).toFixed(0)} s, ${ofProcessors.toFixed(0)} s of processor time`
}

export const print = (row: Row): void => {
  if (isQuiet) return
  const mark = row.failures.length === 0 ? "ok  " : "FAIL"
  console.log(`${mark} ${row.trial}: ${row.size}; ${row.result} (${row.seconds.toFixed(0)} s)`)
  for (const failure of row.failures.slice(0, shown))
    console.log(`     ${failure.replaceAll("\n", "\n       ")}`)
  if (row.failures.length > shown) console.log(`     … and ${row.failures.length - shown} more`)
}

/** Repeats a row while it fails. Each attempt makes the same random choices. */
export const attempted = async (attempts: number, run: () => Promise<Row>): Promise<Row> => {
  const earlier: Array<ReadonlyArray<string>> = []
  for (;;) {
    const row = await run()
    if (row.failures.length === 0 || earlier.length + 1 >= attempts)
      return earlier.length === 0 ? row : { ...row, earlier }
    earlier.push(row.failures)
    console.log(`     attempt ${earlier.length + 1} of ${attempts} at ${row.trial}:`)
  }
}

/** The evidence of rows that failed and then passed. */
export const flakyRows = (rows: ReadonlyArray<Row>): string =>
  rows
    .filter(({ earlier = [], failures }) => earlier.length > 0 && failures.length === 0)
    .map(({ trial, earlier = [] }) =>
      [
        `flaky proof row: ${trial}`,
        ...earlier.flatMap((failures, index) => [
          `  failure ${index + 1}:`,
          ...failures.slice(0, shown).map((failure) => `    ${failure.replaceAll("\n", "\n    ")}`)
        ]),
        ""
      ].join("\n")
    )
    .join("")

export const table = (rows: ReadonlyArray<Row>): string =>
  [
    "| Trial | Size | Outcome | Faults |",
    "|---|---|---|---|",
    ...rows.map(
      ({ trial, size, result, failures, earlier = [] }) =>
        `| ${trial} | ${size} | ${result}${earlier.length === 0 ? "" : `, at attempt ${earlier.length + 1}`} | ${failures.length} |`
    )
  ].join("\n")

/** Runs a trial and prints its row. Anything it throws is a failure. */
export const trial = async (
  name: string,
  run: (fail: (what: string) => void) => Promise<{ readonly size: string; readonly result: string }>
): Promise<Row> => {
  const failures: Array<string> = []
  const start = performance.now()
  const { size, result } = await run((what) => failures.push(what)).catch((error: unknown) => {
    failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return { size: "not done", result: "aborted" }
  })
  const row = {
    trial: name,
    size,
    result,
    failures,
    seconds: (performance.now() - start) / 1000
  }
  print(row)
  return row
}
