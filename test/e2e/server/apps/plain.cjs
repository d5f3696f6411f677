// A web server that has never heard of tako: it listens on PORT, and its secrets stay unread.
require("node:http")
  .createServer((_, response) => response.end(`plain, ${process.argv.slice(2)}`))
  .listen(process.env.PORT)
