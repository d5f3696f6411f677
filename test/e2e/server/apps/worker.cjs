// Has no port: it works until it is told to end, and ends what it has begun.
const { secrets } = JSON.parse(require("node:fs").readFileSync(3, "utf8"))
console.log(`works for ${secrets.QUEUE}, without PORT: ${process.env.PORT}`)
if (secrets.QUEUE === "none") setTimeout(() => process.exit(1), 50)
const work = setInterval(() => {}, 1000)
process.on("SIGTERM", () => {
  console.log("ends")
  clearInterval(work)
})
