import * as Fs from "node:fs"
import * as Path from "node:path"
import { hostile } from "../../services/transport/hostile.ts"
import { trial } from "../report.ts"
import type { Stage } from "../stage.ts"
import { describeApp } from "./project.ts"
import type { Row } from "./rows.ts"
import { deploy } from "./server-rows.ts"
import { preparedFor, tryRow } from "./try-row.ts"

/** A server that reads what it is sent, and does not answer. */
const sink = () => hostile(() => {})

interface Plant {
  /** The code of a program that runs in place of tako. */
  readonly code?: string
  readonly row?: Partial<Row>
  /** Where the leak must be found; anywhere if absent. */
  readonly where?: string
}

const toServer = (text: string): Plant => ({
  code: `net.connect(process.env.TAKO_SOCKET, function () { this.end(${text}) })`,
  row: { between: sink },
  where: "to fd"
})

const plants: Readonly<Record<string, Plant>> = {
  "stdout, verbatim": { code: "process.stdout.write(value)" },
  "stderr, in base64 at an offset of one byte": {
    code: "process.stderr.write(Buffer.from('x' + value).toString('base64'))"
  },
  "stderr, URL-encoded": { code: "process.stderr.write(encodeURIComponent(passphrase))" },
  "a file, in hex": { code: "fs.writeFileSync('leak.txt', Buffer.from(key).toString('hex'))" },
  "a file, JSON-escaped": { code: "fs.writeFileSync('leak.json', JSON.stringify({ value }))" },
  "a temporary file that is deleted at the end": {
    code: "fs.writeFileSync(process.env.TMPDIR + '/x', 'the key is ' + key); fs.unlinkSync(process.env.TMPDIR + '/x')"
  },
  "the raw bytes of a key": { code: "fs.writeFileSync('leak.bin', Buffer.from(key, 'base64'))" },
  "a child's argument": { code: "child_process.spawnSync('true', [value])" },
  "a child's environment": { code: "child_process.spawnSync('true', [], { env: { X: passphrase } })" },
  "a git object": {
    code: "fs.writeFileSync('notes.md', 'see: ' + Buffer.from('ab' + value).toString('base64'))",
    where: "a git object"
  },
  "a server that is sent a key": toServer("key"),
  "a server other than the configured one": {
    code: "net.createServer((c) => c.on('close', () => process.exit()).resume()).listen(process.env.TMPDIR + '/s', () => net.connect(process.env.TMPDIR + '/s').end(value))",
    where: "to fd"
  },
  "an app beside its server": {
    row: {
      argv: deploy,
      server: [],
      spoil: (lane) => describeApp(lane, "local", ["[vars]", 'LEAKS = "1"'])
    },
    where: "by tako-server"
  }
}

/** Programs that leak, each in one way: every leak must be found, or the search proves nothing. */
export const plantedLeaks = (stage: Stage) =>
  trial("planted leaks", async (fail) => {
    const [lane] = stage.lanes
    const prepared = await preparedFor(stage)
    const plant = Path.join(stage.root, "plant.cjs")
    // The canaries are in the program's own source, which is not searched because it is not in the lane.
    const { "the value": value, "the passphrase": passphrase, "the key": key } = prepared.canaries.secrets
    const head = `const fs = require("fs"), net = require("net"), child_process = require("child_process"); const [value, passphrase, key] = ${JSON.stringify([value, passphrase, key])};`
    for (const [what, { code, row, where = "" }] of Object.entries(plants)) {
      if (code !== undefined) Fs.writeFileSync(plant, head + code)
      const planted: Row = { title: what, argv: [], commits: true, ...row }
      const program = code === undefined ? stage.tako : ([process.execPath, plant] as const)
      const { found } = await tryRow(stage, prepared, planted, lane, program)
      if (!found.some((one) => one.includes(where))) fail(`not found: ${what}`)
    }
    return { size: `${Object.keys(plants).length} leaks`, result: "each found" }
  })
