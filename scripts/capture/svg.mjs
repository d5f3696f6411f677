// Both xml:space and white-space, because some viewers know only one of them and the columns are made of spaces.
/**
 * Renders a screen, given as `tmux capture-pane -e` prints it, as an SVG that follows the reader's light or dark
 * theme.
 */
export const drawing = (lines, columns, title) => {
  const width = columns * cell.width + 2 * margin
  const height = lines.length * cell.height + 2 * margin
  const rows = lines.map((line, row) => {
    const y = margin + row * cell.height + cell.baseline
    return `<text x="${margin}" y="${y}">${spansOf(line).map(drawn).join("")}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" xml:space="preserve">
<title>${escaped(title)}</title>
<style>${style}</style>
<rect class="page" width="${width}" height="${height}" rx="6"/>
${rows.join("\n")}
</svg>
`
}

const cell = { width: 8.4, height: 19, baseline: 14 }
const margin = 14

const palettes = {
  light: {
    page: "#f6f8fa",
    text: "#1f2328",
    colours: ["#24292f", "#cf222e", "#116329", "#7d4e00", "#0969da", "#8250df", "#1b7c83", "#57606a"]
  },
  dark: {
    page: "#161b22",
    text: "#e6edf3",
    colours: ["#6e7681", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"]
  }
}

const rules = ({ page, text, colours }) =>
  `.page{fill:${page}}text{fill:${text}}${colours.map((colour, index) => `.c${index}{fill:${colour}}`).join("")}`

const style = [
  "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}",
  ".b{font-weight:bold}.d{opacity:.6}.i{font-style:italic}.u{text-decoration:underline}",
  rules(palettes.light),
  `@media(prefers-color-scheme:dark){${rules(palettes.dark)}}`
].join("")

/** Splits a line into runs of one style: the subset of ECMA-48 §8.3.117 (SGR) that tako uses. */
const spansOf = (line) => {
  const spans = []
  let look = new Set()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it matches escape sequences
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    const [, codes] = /^\x1b\[([\d;]*)m$/.exec(part) ?? []
    if (codes === undefined) {
      if (part !== "") spans.push({ text: part, look: [...look] })
      continue
    }
    for (const code of codes.split(";").map(Number)) look = changed(look, code)
  }
  return spans
}

const changed = (look, code) => {
  const without = (...gone) =>
    new Set([...look].filter((one) => !gone.some((start) => one.startsWith(start))))
  if (code === 0) return new Set()
  if (code === 22) return without("b", "d")
  if (code === 23) return without("i")
  if (code === 24) return without("u")
  if (code === 39) return without("c")
  const mark = { 1: "b", 2: "d", 3: "i", 4: "u" }[code]
  if (mark !== undefined) return new Set([...look, mark])
  const colour = code >= 90 ? code - 90 : code - 30
  return colour >= 0 && colour < 8 ? new Set([...without("c"), `c${colour}`]) : look
}

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;" }
const escaped = (text) => text.replace(/[&<>]/g, (one) => entities[one])

const drawn = ({ text, look }) =>
  look.length === 0
    ? `<tspan>${escaped(text)}</tspan>`
    : `<tspan class="${look.join(" ")}">${escaped(text)}</tspan>`
