export type Command = readonly [program: string, ...args: ReadonlyArray<string>]

/** A pair of programs that reach a clipboard: one takes the new text on stdin, the other prints what is there. */
export interface ClipboardPrograms {
  readonly copy: Command
  readonly paste: Command
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Those that can be there, the likeliest first; nothing is looked for on disk. */
export const programsFor = (platform: string, environment: Environment): ReadonlyArray<ClipboardPrograms> => {
  if (platform === "darwin") return [macOS]
  const isSet = (name: string) => (environment[name] ?? "") !== ""
  return [
    ...(isSet("WAYLAND_DISPLAY") ? [wayland] : []),
    ...(isSet("DISPLAY") ? x11 : []),
    ...(isSet("WSL_DISTRO_NAME") || isSet("WSL_INTEROP") ? [windows] : [])
  ]
}

/** The names to tell when none of them is there. */
export const everyProgram = (platform: string): ReadonlyArray<string> =>
  platform === "darwin" ? ["pbcopy"] : ["wl-copy", "xclip", "xsel", "clip.exe"]

const macOS: ClipboardPrograms = { copy: ["pbcopy"], paste: ["pbpaste"] }

const wayland: ClipboardPrograms = {
  copy: ["wl-copy", "--type", "text/plain"],
  paste: ["wl-paste", "--no-newline"]
}

const x11: ReadonlyArray<ClipboardPrograms> = [
  {
    copy: ["xclip", "-selection", "clipboard", "-in"],
    paste: ["xclip", "-selection", "clipboard", "-out"]
  },
  { copy: ["xsel", "--clipboard", "--input"], paste: ["xsel", "--clipboard", "--output"] }
]

const windows: ClipboardPrograms = {
  copy: ["clip.exe"],
  paste: ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "Get-Clipboard -Raw"]
}
