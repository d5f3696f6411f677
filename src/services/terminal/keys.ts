/** What a person typed, parsed from the bytes that a terminal sends. */
export type Key =
  | { readonly _tag: "Text"; readonly bytes: Uint8Array; readonly pasted: boolean }
  | { readonly _tag: PlainKey }

type PlainKey =
  | "PasteStart"
  | "Enter"
  | "Backspace"
  | "EraseWord"
  | "EraseLine"
  | "Interrupt"
  | "EndOfInput"
  | "Suspend"

/** The state of the parser after the last chunk, which may end within a key. */
export interface Decoder {
  readonly mode: "ground" | "escape" | "csi" | "one-more-byte" | "string" | "string-escape" | "paste"
  /** The parameters of a control sequence so far. */
  readonly parameters: string
  /** How many bytes of the end-of-paste mark have been seen. */
  readonly matched: number
  /** A line feed after a carriage return belongs to the same line break. */
  readonly afterReturn: boolean
}

export const start: Decoder = { mode: "ground", parameters: "", matched: 0, afterReturn: false }

/**
 * The keys in a chunk. Control sequences (ECMA-48: arrows, function keys, reports) are skipped. Whatever is between
 * ESC[200~ and ESC[201~ (xterm's bracketed paste) is text, with line breaks as LF and without NUL; Ctrl-C in it
 * still interrupts, so that a paste without an end does not block the terminal.
 */
export const decode = (decoder: Decoder, chunk: Uint8Array): readonly [Decoder, ReadonlyArray<Key>] => {
  let { mode, parameters, matched, afterReturn } = decoder
  const keys: Array<Key> = []
  const run = new Uint8Array(chunk.length + pasteEnd.length)
  let length = 0
  const flush = (pasted: boolean) => {
    if (length > 0) keys.push({ _tag: "Text", bytes: run.slice(0, length), pasted })
    length = 0
  }
  const press = (key: PlainKey) => {
    flush(false)
    keys.push({ _tag: key })
  }

  const pasteByte = (byte: number) => {
    if (byte === pasteEnd[matched]) {
      matched += 1
      if (matched < pasteEnd.length) return
      flush(true)
      mode = "ground"
      matched = 0
      afterReturn = false
      return
    }
    if (matched > 0) {
      run.set(pasteEnd.subarray(0, matched), length)
      length += matched
      matched = 0
      afterReturn = false
      if (byte === ESC) {
        matched = 1
        return
      }
    }
    const completesReturn = byte === LF && afterReturn
    afterReturn = byte === CR
    if (byte === CTRL_C) {
      flush(true)
      keys.push({ _tag: "Interrupt" })
    } else if (byte !== NUL && !completesReturn) run[length++] = byte === CR ? LF : byte
  }

  const groundByte = (byte: number) => {
    mode = "ground"
    const completesReturn = byte === LF && afterReturn
    afterReturn = byte === CR
    if (byte === ESC) mode = "escape"
    else if (completesReturn) return
    else if (byte === CR || byte === LF) press("Enter")
    else if ((byte >= 0x20 && byte !== DEL) || byte === TAB) run[length++] = byte
    else {
      const key = controls[byte]
      if (key !== undefined) press(key)
    }
  }

  for (const byte of chunk) {
    if (mode === "string-escape") {
      mode = byte === BACKSLASH ? "ground" : "escape"
      if (mode === "ground") continue
    }
    const isControl = byte < 0x20 || byte >= DEL
    if (mode === "paste") pasteByte(byte)
    else if (mode === "ground") groundByte(byte)
    else if (mode === "string") {
      if (byte === BEL) mode = "ground"
      else if (byte === ESC) mode = "string-escape"
      else if (byte < 0x20) groundByte(byte)
    } else if (mode === "escape" && (byte === DEL || byte === 0x08)) {
      mode = "ground"
      press("EraseWord")
    } else if (byte === ESC) mode = "escape"
    else if (isControl) groundByte(byte)
    else if (mode === "escape") {
      mode = afterEscape(byte)
      parameters = ""
    } else if (mode === "one-more-byte") mode = "ground"
    else if (byte < 0x40) parameters = (parameters + String.fromCharCode(byte)).slice(0, 16)
    else if (parameters === "200" && byte === TILDE) {
      press("PasteStart")
      mode = "paste"
    } else mode = parameters === "" && byte === OPEN_BRACKET ? "one-more-byte" : "ground"
  }
  flush(mode === "paste")
  return [{ mode, parameters, matched, afterReturn }, keys]
}

/** If nothing follows for a while, a lone ESC was the Escape key. */
export const endEscape = (decoder: Decoder): Decoder =>
  decoder.mode === "escape" ? { ...decoder, mode: "ground" } : decoder

const [NUL, CTRL_C, BEL, TAB, LF, CR, ESC, DEL] = [0x00, 0x03, 0x07, 0x09, 0x0a, 0x0d, 0x1b, 0x7f]
const [OPEN_BRACKET, BACKSLASH, TILDE] = [0x5b, 0x5c, 0x7e]

const pasteEnd = Uint8Array.from([ESC, OPEN_BRACKET, 0x32, 0x30, 0x31, TILDE])

const controls: Readonly<Record<number, PlainKey>> = {
  [CTRL_C]: "Interrupt",
  4: "EndOfInput",
  8: "Backspace",
  21: "EraseLine",
  23: "EraseWord",
  26: "Suspend",
  28: "Interrupt",
  [DEL]: "Backspace"
}

/** ESC [ starts a control sequence; ESC O and the Linux console's ESC [ [ are followed by one more byte; ] P _ ^ X start a string. */
const afterEscape = (byte: number): Decoder["mode"] => {
  if (byte === OPEN_BRACKET) return "csi"
  if (byte === 0x4f) return "one-more-byte"
  return byte === 0x5d || byte === 0x50 || byte === 0x5f || byte === 0x5e || byte === 0x58
    ? "string"
    : "ground"
}
