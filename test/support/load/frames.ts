import { createHash } from "node:crypto"
import { randomOf, seed } from "../random.ts"

const random = randomOf(seed)

/** Frames of RFC 6455 §5.2, as far as a client of short messages needs them. */
export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

export const text = 1
export const close = 8

/** A whole message of up to 125 bytes, masked as a client's are. */
export const encode = (opcode: number, payload: Buffer): Buffer => {
  const mask = Buffer.from(Array.from({ length: 4 }, () => random.below(256)))
  const masked = payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0))
  return Buffer.concat([Buffer.of(0x80 | opcode, 0x80 | payload.length), mask, masked])
}

/** The first frame of what a server has sent, and the rest; undefined when it is not whole yet. */
export const decode = (bytes: Buffer): readonly [Frame, Buffer] | undefined => {
  const [start = 0, length = 0] = bytes
  if (bytes.length < 2 || bytes.length < 2 + length) return undefined
  if (length > 125) throw new Error("a frame that is masked or too long")
  return [{ opcode: start & 15, payload: bytes.subarray(2, 2 + length) }, bytes.subarray(2 + length)]
}

export const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")
