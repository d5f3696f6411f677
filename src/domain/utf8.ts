import * as Option from "effect/Option"

// Keeps a byte order mark, which may be part of a value.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Decodes UTF-8; none if the bytes are invalid. */
export const decodeUtf8 = (bytes: Uint8Array): Option.Option<string> => {
  try {
    return Option.some(decoder.decode(bytes))
  } catch {
    return Option.none()
  }
}

/** Decodes a file that may start with an editor's byte order mark. */
export const withoutByteOrderMark = (text: string): string => text.replace(/^\uFEFF/, "")
