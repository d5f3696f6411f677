// Runs all tests: node .ci/run-tests.mjs COUNT FLAKY [FILE …]. A file with a failing test is run again, at most twice. A test
// that passes then is flaky: it counts as passed, and the evidence of its failure goes to the file FLAKY. COUNT gets the count.
//
// The whole file is run again, in a process of its own, instead of using vitest's `retry`: that repeats the test inside of
// the state which the first attempt and its neighbours left, and repeats neither hooks nor a file that broke.
import { spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

const attempts = 3
/** More failing files than this are no accident. */
const mostFiles = 10
/** All that is run again has this long: CI must not take half an hour. */
const againMs = 8 * 60_000

const [countFile, flakyFile, ...only] = process.argv.slice(2)
// All attempts make the same random choices: a failure that follows from them is not flaky.
process.env.TAKO_TEST_SEED ??= String(randomInt(2 ** 31))
const work = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-ci-tests-"))
process.once("exit", () => Fs.rmSync(work, { recursive: true, force: true }))

const vitest = (files, timeout) => {
  const results = Path.join(work, "results.json")
  Fs.rmSync(results, { force: true })
  const reporters = ["default", Path.join(import.meta.dirname, "results-reporter.mjs")]
  spawnSync(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", ...reporters.map((name) => `--reporter=${name}`), ...files],
    { stdio: "inherit", env: { ...process.env, TAKO_TEST_RESULTS: results }, timeout }
  )
  return Fs.existsSync(results) ? JSON.parse(Fs.readFileSync(results, "utf8")) : undefined
}

const titleOf = ({ file = "vitest itself", test }) => (test === undefined ? file : `${file} > ${test}`)

/** What became of each test and file: the evidence of every attempt that failed, and whether one passed. */
const outcomes = new Map()

const note = (results) => {
  const seen = new Map()
  for (const result of results) {
    const title = titleOf(result)
    const nth = (seen.get(title) ?? 0) + 1
    seen.set(title, nth)
    const key = `${title} ${nth}`
    const outcome = outcomes.get(key) ?? { ...result, title, failures: [], passed: false }
    outcomes.set(key, outcome)
    if (result.state === "passed") outcome.passed = true
    if (result.state === "failed") outcome.failures.push(result.evidence)
  }
}

const failing = () => [...outcomes.values()].filter(({ passed, failures }) => failures.length > 0 && !passed)
const indented = (text) => text.split("\n").slice(0, 60).join("\n    ")

note(vitest(only) ?? [{ state: "failed", evidence: "vitest wrote no results" }])
const until = Date.now() + againMs
for (let attempt = 2; attempt <= attempts; attempt++) {
  const files = [...new Set(failing().flatMap(({ file }) => file ?? []))]
  if (files.length === 0) break
  if (files.length > mostFiles) {
    console.log(`${files.length} files fail, more than ${mostFiles}: none of them is run again.`)
    break
  }
  const left = until - Date.now()
  if (left <= 0) {
    console.log("No time is left to run failing tests again.")
    break
  }
  console.log(`\n== attempt ${attempt} of ${attempts} at ${files.join(", ")}`)
  const results = vitest(files, left)
  if (results === undefined) {
    console.log("It did not finish in time.")
    break
  }
  note(results)
}

// A skip is a test that was not run: nobody may take it for one that passed.
const all = [...outcomes.values()]
const passed = all.filter(({ test, passed }) => test !== undefined && passed)
const failed = failing()
const skipped = all.filter(
  ({ test, passed, failures }) => test !== undefined && !passed && failures.length === 0
)
for (const { title } of skipped) console.log(`skipped: ${title}`)
for (const { title, failures } of failed)
  console.log(`failed ${failures.length} of ${failures.length}: ${title}`)
if (skipped.length > 0) console.log(`${skipped.length} skipped`)

for (const { title, failures, passed } of all) {
  if (!passed || failures.length === 0) continue
  const evidence = failures.map((text, index) => `  failure ${index + 1}:\n    ${indented(text)}\n`)
  Fs.appendFileSync(
    flakyFile,
    `flaky test (TAKO_TEST_SEED=${process.env.TAKO_TEST_SEED}): ${title}\n${evidence.join("")}`
  )
}
Fs.writeFileSync(countFile, `${passed.length} passed, ${failed.length} failed\n`)
process.exitCode = passed.length > 0 && failed.length === 0 ? 0 : 1
