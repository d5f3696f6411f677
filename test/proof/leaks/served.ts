import * as Fs from "node:fs"
import * as Path from "node:path"
import { runToEnd, variablesOf } from "../lane.ts"
import { restore, type Stage } from "../stage.ts"
import * as Tree from "../tree.ts"
import { type Canaries, describeApp, editFile } from "./project.ts"
import { folderOf, place, startBeside } from "./server.ts"

/** The stored data of a server of the lane, and the key it is sealed under. */
export interface Served {
  readonly tree: Tree.Tree
  readonly key: string
}

/** A server with the canary of development and two releases of an app that has it; B has not been sent yet. */
export const serve = async (stage: Stage, canaries: Canaries): Promise<Served> => {
  const [lane] = stage.lanes
  restore(stage, canaries.tree, lane)
  describeApp(lane)
  editFile(lane, ({ development }) => {
    delete development?.secrets.B
  })
  const { socket = "", stop } = await startBeside(stage, lane, { server: [] })
  // The deployed folder must outlive the lanes.
  const deploy = ["apps", "deploy", ...place, "--directory", stage.root]
  for (const argv of [["secrets", "sync", ...place], deploy, deploy]) {
    const { code, stderr } = await runToEnd([...stage.tako, ...argv], {
      directory: lane.project,
      variables: variablesOf(lane, { TAKO_SOCKET: socket })
    })
    if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr}`)
  }
  const answered = await stop()
  if (answered?.ended.code !== 0) throw new Error(`tako-server ended: ${answered?.ended.stderr}`)
  const isOurs = (path: string) => /^server(?:\/|$)|^project\/tako\.toml$/.test(path)
  return {
    tree: new Map([...Tree.read(lane.folder)].filter(([path]) => isOurs(path))),
    key: Fs.readFileSync(Path.join(folderOf(lane), "data.key"), "latin1").trim()
  }
}
