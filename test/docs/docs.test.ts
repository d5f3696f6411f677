import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { EnvironmentName, SecretName } from "../../src/domain/names.ts"
import { typescript } from "../../src/domain/typegen/typescript.ts"
import { needs } from "../support/needs.ts"
import { codeBlocks, documents, textOf } from "./code-blocks.ts"

const root = Path.resolve(import.meta.dirname, "../..")

const makeFolder = (): string => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-docs-"))
  onTestFinished(() => Fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const generated = typescript(
  ["DATABASE_URL", "STRIPE_KEY"].map((name) => ({
    name: SecretName(name),
    environments: [EnvironmentName("development")]
  })),
  Fs.readFileSync(Path.join(root, "src/main/sdk/runtime.ts"), "utf8")
)

describe("the documents", () => {
  it("contain TypeScript that compiles, against the built package and a generated file", () => {
    const folder = makeFolder()
    const blocks = codeBlocks("ts").map((block, index) => ({ ...block, name: `block-${index}.ts` }))
    assert.isAbove(blocks.length, 8)
    for (const { name, text } of blocks) Fs.writeFileSync(Path.join(folder, name), `${text}\nexport {}\n`)
    Fs.mkdirSync(Path.join(folder, "src"))
    for (const name of ["tako.gen.ts", "src/tako.gen.ts"])
      Fs.writeFileSync(Path.join(folder, name), generated)
    Fs.symlinkSync(Path.join(root, "node_modules"), Path.join(folder, "node_modules"))
    const { exports } = JSON.parse(Fs.readFileSync(Path.join(root, "package.json"), "utf8"))
    const paths = Object.entries<{ readonly types: string }>(exports)
      .filter(([, { types }]) => types !== undefined)
      .map(([name, { types }]) => [name.replace(".", "tako"), [Path.join(root, types)]])
    const compilerOptions = {
      target: "es2023",
      module: "preserve",
      lib: ["es2023"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
      paths: Object.fromEntries(paths)
    }
    Fs.writeFileSync(
      Path.join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, include: ["block-*.ts"] })
    )
    const tsc = Path.join(root, "node_modules/typescript/bin/tsc")
    const { stdout } = spawnSync(process.execPath, [tsc, "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8"
    })
    const problems = stdout.replaceAll(/^(block-\d+\.ts)\((\d+),\d+\)/gm, (_, name: string, line: string) => {
      const block = blocks.find((block) => block.name === name)
      return `${block?.document}:${(block?.line ?? 0) + Number(line)}`
    })
    assert.strictEqual(problems, "")
  })

  it.skipIf(!needs("gofmt"))("contain Go that gofmt would not change", () => {
    for (const { document, line, text } of codeBlocks("go")) {
      const { stdout, stderr } = spawnSync("gofmt", [], { input: text, encoding: "utf8" })
      assert.deepStrictEqual([stdout, stderr], [text, ""], `${document}:${line}`)
    }
  })

  it("link only to what exists", () => {
    for (const document of documents) {
      for (const [, target = ""] of textOf(document).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue
        const [path = "", anchor] = target.split("#")
        const file = path === "" ? document : Path.join(Path.dirname(document), path)
        assert.isTrue(Fs.existsSync(Path.join(root, file)), `${document} links to ${target}`)
        if (anchor !== undefined) assert.include(anchorsOf(file), anchor, `${document} links to ${target}`)
      }
    }
  })
})

/** A heading's anchor, as GitHub derives it. */
const anchorsOf = (document: string): ReadonlyArray<string> =>
  [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-")
  )
