// Stands in for secret-tool and security: keychain.mjs FOLDER PROGRAM ARGUMENT… stores each key in a file of FOLDER, and
// records its command lines there.
import * as Fs from "node:fs"
import * as Path from "node:path"

const [folder, program, ...parameters] = process.argv.slice(2)
Fs.appendFileSync(Path.join(folder, "command-lines"), `${process.argv.join(" ")}\n`)
if (Fs.existsSync(Path.join(folder, "locked"))) {
  process.stderr.write("it is locked\n")
  process.exit(1)
}
const fileOf = (id) => Path.join(folder, `key-${id}`)
const absent = program === "security" ? 44 : 1
const stdin = () => Fs.readFileSync(0, "utf8")

const find = (id) => {
  if (!Fs.existsSync(fileOf(id))) process.exit(absent)
  process.stdout.write(Fs.readFileSync(fileOf(id)))
  if (program === "security") process.stdout.write("\n")
}
const forget = (id) => {
  if (!Fs.existsSync(fileOf(id))) process.exit(absent)
  Fs.unlinkSync(fileOf(id))
}

if (program === "secret-tool") {
  const [verb] = parameters
  const id = parameters.at(-1)
  if (verb === "lookup") find(id)
  else if (verb === "store") Fs.writeFileSync(fileOf(id), stdin())
  else if (verb === "clear") forget(id)
  else process.exit(2)
} else if (parameters[0] === "-i") {
  const [, id, key] = /^add-generic-password -U -s tako -a (\S+) -w "([^"]*)"\n$/.exec(stdin())
  Fs.writeFileSync(fileOf(id), key)
} else if (parameters[0] === "find-generic-password") find(parameters[4])
else if (parameters[0] === "delete-generic-password") forget(parameters[4])
else process.exit(2)
