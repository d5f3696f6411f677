import * as Fs from "node:fs"
import * as Path from "node:path"
import { type Random, shuffled } from "../support/random.ts"
import { buildMutant, bundleProof, type Replacement } from "./bundle.mjs"
import { commands } from "./commands.ts"
import { concurrency } from "./concurrency.ts"
import { crash } from "./crash.ts"
import { faults } from "./faults.ts"
import { runShard } from "./fuzz/fuzz.ts"
import { powerCut } from "./power-cut.ts"
import { quietly, trial } from "./report.ts"
import { type Prepared, prepare, type Stage } from "./stage.ts"

/** A plausible mistake, and the trial that must detect it: the failures it reports. */
interface Mutant {
  readonly name: string
  readonly of: "the program" | "the proof"
  readonly replacements: ReadonlyArray<Replacement>
  readonly failures: (stage: Stage, built: string, random: Random) => Promise<ReadonlyArray<string>>
  /** What the trial must say to have detected it: a trial that aborts, or a program that does not start, proves nothing. */
  readonly as: RegExp
}

const set = async (stage: Stage): Promise<Prepared> =>
  prepare(stage, commands[0] as (typeof commands)[number])
const firstOfAll = commands.find(({ name }) => name === "set, the first secret") as (typeof commands)[number]
const only = (prepared: Prepared, name: string): Prepared => ({
  ...prepared,
  points: prepared.points.filter(({ does }) => does.includes(name))
})
const failuresOf = async (
  row: Promise<{ readonly failures: ReadonlyArray<string> }>
): Promise<ReadonlyArray<string>> => (await quietly(row)).failures

const mutants: ReadonlyArray<Mutant> = [
  {
    name: "the secrets file is written in place",
    of: "the program",
    replacements: [
      {
        file: "src/services/secrets-file/layer.ts",
        from: "yield* replace(path, bytes.value, permissionsOf(before), unchanged)",
        to: "void replace; yield* unchanged; yield* attempt('write', path, () => Fs.writeFileSync(path, bytes.value))"
      }
    ],
    as: /the secrets do not open/,
    failures: async (stage, _, random) => {
      const prepared = only(await set(stage), "write project/.tako/secrets.json")
      return failuresOf(
        crash(
          stage,
          [{ ...prepared, points: prepared.points.filter(({ does }) => does.endsWith("secrets.json")) }],
          1,
          random
        )
      )
    }
  },
  {
    name: "the file is not synced before it is renamed",
    of: "the program",
    replacements: [
      {
        file: "src/services/files/replace.ts",
        from: "Fs.fsyncSync(fd)\n      const filled",
        to: "const filled"
      }
    ],
    as: /secrets\.json may be cut off after \d+ bytes/,
    failures: async (stage) => failuresOf(powerCut(stage, [await set(stage)]))
  },
  {
    name: "the folder is not synced",
    of: "the program",
    replacements: [
      {
        file: "src/services/files/replace.ts",
        from: ".pipe(Effect.zipRight(syncFolder(Path.dirname(path), path)))",
        to: ""
      }
    ],
    as: /after exit 0 may undo the change of project\/\.tako\/secrets\.json/,
    failures: async (stage) => failuresOf(powerCut(stage, [await set(stage)]))
  },
  {
    name: "a new folder is not synced",
    of: "the program",
    replacements: [
      {
        file: "src/services/secrets-file/layer.ts",
        from: "syncFolder(Path.dirname(folder), folder)",
        to: "(void syncFolder, Effect.void)"
      }
    ],
    as: /after exit 0 may undo the change of project\/\.tako\/secrets\.json/,
    failures: async (stage) => failuresOf(powerCut(stage, [await prepare(stage, firstOfAll)]))
  },
  {
    name: "a refused system call is treated as a success",
    of: "the program",
    replacements: [
      {
        file: "src/services/files/errno.ts",
        from: "Effect.fail(new FileFailed({ operation, path, code }))",
        to: "(void FileFailed, void operation, void path, Effect.succeed(undefined as never))"
      }
    ],
    as: /exit 0, and the state is old/,
    failures: async (stage) => {
      const prepared = only(await set(stage), "rename project/.tako/secrets.json")
      return failuresOf(
        faults(
          stage,
          prepared.points.map((point) => ({ prepared, point, errno: "ENOSPC" as const })),
          [prepared]
        )
      )
    }
  },
  {
    name: "nobody waits for the lock, or checks again before the rename",
    of: "the proof",
    replacements: [
      {
        file: "src/services/files/lock-file.ts",
        from: "const current = readLock(lock)\n  if (current === undefined) return",
        to: 'if (lock !== "") return { _tag: "Acquired" }\n  const current = readLock(lock)\n  if (current === undefined) return'
      },
      {
        file: "src/services/secrets-file/layer.ts",
        from: "if (!same) yield*",
        to: "if (!same && false) yield*"
      }
    ],
    as: /holds .+ and should hold/,
    failures: (stage, built) =>
      failuresOf(concurrency(stage, { writers: 4, changes: 40, kills: 0, program: built }))
  },
  {
    name: "a value opens although its tag does not match",
    of: "the proof",
    replacements: [
      {
        file: "src/services/cipher/aes-gcm.ts",
        from: "plaintext.fill(0)\n    return Option.none()",
        to: "return Option.some(plaintext)"
      }
    ],
    as: /a forgery opens/,
    failures: async (_, built) => (await runShard([1, 800, 1, 2, false], built)).faults
  },
  {
    name: "a value is accepted in any place",
    of: "the proof",
    replacements: [
      {
        file: "src/services/cipher/binding.ts",
        from: "Crypto.timingSafeEqual(boundNonce",
        to: "true || Crypto.timingSafeEqual(boundNonce"
      }
    ],
    as: /handed out where it does not belong/,
    failures: async (_, built) => (await runShard([1, 2500, 1, 2, false], built)).faults
  },
  {
    name: "base64 need not be canonical",
    of: "the proof",
    replacements: [
      {
        file: "src/domain/base64.ts",
        from: "text.length % 4 === 0 && canonical.test(text)",
        to: "text.length % 4 === 0 || canonical.test(text)"
      }
    ],
    as: /a sealed value that is none/,
    failures: async (_, built) => (await runShard([1, 800, 1, 2, false], built)).faults
  },
  {
    name: "a parser that throws",
    of: "the proof",
    replacements: [
      {
        file: "src/domain/strict-json.ts",
        from: 'return { fault: "not-json" }',
        to: 'throw new TypeError("x")'
      }
    ],
    as: /TypeError: x/,
    failures: async (_, built) => (await runShard([1, 800, 1, 2, false], built)).faults
  },
  {
    name: "an error that repeats what was typed",
    of: "the proof",
    replacements: [
      {
        file: "src/main/command-line/usage-errors.ts",
        from: "const shown = /^[a-z][a-z-]{0,30}$/.test(word)",
        to: "const shown = true"
      }
    ],
    as: /a secret in an error/,
    failures: async (_, built) => (await runShard([1, 2500, 1, 2, false], built)).faults
  }
]

/** A different selection each time, chosen by the seed. */
const inQuick = 5

/** Tests the trials: each of these faults must be detected. */
export const tryMutants = (stage: Stage, random: Random, { all }: { readonly all: boolean }) =>
  trial("mutants", async (fail) => {
    const chosen = all ? mutants : shuffled(random, mutants).slice(0, inQuick)
    for (const [index, { name, of, replacements, failures, as }] of chosen.entries()) {
      const folder = Path.join(stage.root, `mutant-${index}`)
      Fs.rmSync(folder, { recursive: true, force: true })
      Fs.mkdirSync(folder)
      const start = performance.now()
      let seen: ReadonlyArray<string>
      if (of === "the program") {
        await buildMutant(folder, replacements)
        seen = await failures({ ...stage, tako: [stage.tako[0], Path.join(folder, "tako.cjs")] }, "", random)
      } else {
        await bundleProof(folder, replacements)
        seen = await failures(stage, Path.join(folder, "main.mjs"), random)
      }
      if (process.env.PROOF_TIMES)
        console.error(`${name}: ${seen.length} in ${Math.round(performance.now() - start)} ms`)
      if (!seen.some((failure) => as.test(failure)))
        fail([`not detected: ${name}`, ...seen.slice(0, 3)].join("\n"))
      Fs.rmSync(folder, { recursive: true })
    }
    return {
      size: `${chosen.length} of ${mutants.length} faults planted in the program or in the proof`,
      result: "each detected by its trial"
    }
  })
