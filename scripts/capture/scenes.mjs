export const passphrase = "cradle-marble-ivory-slender-toast-ahead"
const set = (name, environment) =>
  `printf %s value-of-${name} | tako secrets set ${name} --env ${environment}`

/** A team's project: three environments, one secret missing in staging. */
const shop = [
  "tako init",
  ...["development", "staging", "production"].map((environment) => set("DATABASE_URL", environment)),
  set("STRIPE_KEY", "production"),
  "git add -A && git -c user.name=ada -c user.email=ada@example.org commit -qm 'Add secrets'"
]

/**
 * The scenes: `before` prepares the project, unseen; each step is typed and awaited. After a step with `asks`, tako's
 * next question is awaited, otherwise the shell's prompt.
 */
export const scenes = [
  {
    name: "first-secret",
    before: ["tako init"],
    steps: [
      { type: "tako secrets set DATABASE_URL --env production", asks: true },
      { type: passphrase, asks: true },
      { type: passphrase, asks: true },
      { type: "postgres://shop:secret@db/shop" },
      { type: "tako run -e production -- sh -c 'wc -c <&3; env | grep -c postgres'" }
    ]
  },
  { name: "ls", before: shop, steps: [{ type: "tako secrets ls" }, { type: "tako secrets verify" }] },
  { name: "ls-40-columns", columns: 40, before: shop, steps: [{ type: "tako secrets ls" }] },
  {
    name: "errors",
    before: shop,
    steps: [
      { type: "tako secrets get DATABSE_URL -e production" },
      { type: "tako secrets set API_KEY hunter2 -e production" },
      { type: "tako secrets get DATABASE_URL -e prodution" },
      { type: "tako sercets ls" }
    ]
  },
  {
    name: "questions",
    before: shop,
    steps: [
      { type: "tako secrets rm STRIPE_KEY", asks: true },
      { type: "3", asks: true },
      { type: "n" },
      { type: "tako secrets key rotate -e production", asks: true },
      { keys: ["C-c"] }
    ]
  },
  { name: "help", before: shop, steps: [{ type: "tako secrets --help" }] },
  {
    name: "verify",
    // Replaces one character of the sealed value, whatever it is, by another.
    before: [
      ...shop,
      `sed -i '/"production"/,/}/ { s/\\("DATABASE_URL": "....\\)A/\\1B/; t; s/\\("DATABASE_URL": "....\\)./\\1A/ }' .tako/secrets.json`
    ],
    steps: [{ type: "tako secrets verify" }, { type: "tako run -e production -- node server.js" }]
  },
  {
    name: "no-colour",
    before: shop,
    environment: { NO_COLOR: "1" },
    steps: [{ type: "tako secrets ls" }, { type: "tako secrets get NOTHING -e production" }]
  },
  {
    name: "dumb-terminal",
    before: shop,
    environment: { TERM: "dumb" },
    steps: [
      { type: "tako secrets ls" },
      { type: "tako secrets set API_KEY -e production", asks: true },
      { type: "not-shown" }
    ]
  }
]
