// Tries to open what other apps have on their file descriptors, and where their pipes are made.
const Fs = require("node:fs")
const [canary, pools] = process.argv.slice(2)

let [tried, stolen] = [0, 0]
const take = (path) => {
  let fd
  try {
    fd = Fs.openSync(path, Fs.constants.O_RDONLY | Fs.constants.O_NONBLOCK)
    const bytes = Buffer.alloc(4096)
    if (bytes.subarray(0, Fs.readSync(fd, bytes, 0, bytes.length, null)).includes(canary)) stolen++
    count(path)
  } catch (error) {
    // What is not there cannot be stolen; what is empty, or not ours to read, was tried.
    if (error.code !== "ENOENT" && error.code !== "ESRCH") count(path)
  } finally {
    if (fd !== undefined) Fs.closeSync(fd)
  }
}
const count = (path) => {
  if (path.endsWith("/fd/3")) tried++
}
const isVictim = (pid) => {
  try {
    return Fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("victim")
  } catch {
    return false
  }
}
const listed = (folder) => {
  try {
    return Fs.readdirSync(folder)
  } catch {
    return []
  }
}

let told = 0
const round = () => {
  for (const pid of Fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isVictim(name))) {
    for (let nth = 0; nth < 20; nth++)
      for (const what of ["fd/3", "fd/4", "environ"]) take(`/proc/${pid}/${what}`)
  }
  for (const pool of listed(pools).filter((name) => name.startsWith("tako-pipe-"))) {
    take(`${pools}/${pool}`)
    for (const name of listed(`${pools}/${pool}`)) take(`${pools}/${pool}/${name}`)
  }
  if (tried >= told + 1000) {
    told = tried
    console.log(`tried ${tried}, stolen ${stolen}`)
  }
  setImmediate(round)
}
round()
