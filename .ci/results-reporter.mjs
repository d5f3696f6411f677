// A vitest reporter: writes what became of every test, and of every file as a whole, to TAKO_TEST_RESULTS.
import * as Fs from "node:fs"
import * as Path from "node:path"
import { stripVTControlCharacters } from "node:util"

const textOf = ({ name, message, stack, diff }) =>
  stripVTControlCharacters([stack || `${name}: ${message}`, diff].filter(Boolean).join("\n"))
    .split("\n")
    .filter((line) => !/^\s+at .*(node_modules|node:internal)/.test(line))
    .join("\n")

export default class ResultsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const results = []
    const isUnfinished = (module) => !["passed", "failed", "skipped"].includes(module.state())
    // An error that belongs to no file is a worker's that died: the files which did not finish have to answer for it.
    const unfinished = new Set(modules.filter(isUnfinished))
    const stray = unhandledErrors.filter(
      (error) => !modules.some(({ moduleId }) => moduleId === error.VITEST_TEST_PATH)
    )
    if (stray.length > 0 && unfinished.size === 0)
      results.push({ state: "failed", evidence: stray.map(textOf).join("\n\n") })
    for (const module of modules) {
      const file = Path.relative(process.cwd(), module.moduleId)
      const errors = [
        ...module.errors(),
        ...[...module.children.allSuites()].flatMap((suite) => suite.errors()),
        ...unhandledErrors.filter((error) => error.VITEST_TEST_PATH === module.moduleId),
        ...(unfinished.has(module) ? [...stray, { name: "Error", message: "the file did not finish" }] : [])
      ]
      results.push({
        file,
        state: errors.length > 0 ? "failed" : "passed",
        evidence: errors.map(textOf).join("\n\n")
      })
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result()
        results.push({ file, test: test.fullName, state, evidence: errors.map(textOf).join("\n\n") })
      }
    }
    Fs.writeFileSync(process.env.TAKO_TEST_RESULTS, JSON.stringify(results))
  }
}
