import * as Option from "effect/Option"

// Keeps a byte order mark, which may be part of a value.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text of bytes that are UTF-8; none for any others. */
export const decodeUtf8 = (bytes: Uint8Array): Option.Option<string> => {
  try {
    return Option.some(decoder.decode(bytes))
  } catch {
    return Option.none()
  }
}

/** The text of a file that an editor may have begun with a byte order mark. */
export const withoutByteOrderMark = (text: string): string => text.replace(/^\uFEFF/, "")
