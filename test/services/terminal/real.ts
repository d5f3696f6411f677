import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type { Turn } from "../../../src/services/terminal/contract.ts"
import type { Bundle } from "../../support/bundle.ts"
import * as Pty from "../../support/pty.ts"

export interface Conversation extends Pty.Transcript {
  /** Undefined if the program ended before it wrote them. */
  readonly answers: ReadonlyArray<unknown> | undefined
}

/** Runs the conversation with the real layer on a pseudo-terminal, which is neither stdin nor stdout. */
export const hold = async (
  program: Bundle,
  turns: ReadonlyArray<Turn>,
  steps: ReadonlyArray<Pty.Step>,
  options: { readonly columns?: number; readonly term?: string; readonly listens?: boolean } = {}
): Promise<Conversation> => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-terminal-"))
  try {
    const file = Path.join(folder, "answers.json")
    const transcript = await Pty.play({
      command: [process.execPath, program.path, JSON.stringify(turns), file],
      steps,
      columns: options.columns ?? 80,
      redirect: { stdin: "/dev/null", stdout: "/dev/null" },
      environment: {
        PATH: process.env.PATH ?? "",
        TERM: options.term ?? "xterm-256color",
        LISTENS: options.listens === true ? "yes" : "no"
      }
    })
    const answers = Fs.existsSync(file) ? JSON.parse(Fs.readFileSync(file, "utf8")) : undefined
    return { ...transcript, answers }
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}
