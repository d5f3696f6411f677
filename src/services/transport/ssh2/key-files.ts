import * as Fs from "node:fs"
import type { ParsedKey } from "ssh2"
import type { PassedOver } from "../../../domain/errors/ssh.ts"
import { errnoOf } from "../../files/errno.ts"
import { withOpenFile } from "../../files/open-file.ts"
import { typeOf } from "../../known-hosts/file.ts"
import type { Module } from "./session.ts"

/** A key that the configuration names, as its files hold it. */
export interface KeyFile {
  readonly path: string
  /** The public part in wire format (RFC 4253, 6.6). */
  readonly blob: Buffer
  /** Undefined when only the public part is in a file; an agent may hold the private one. */
  readonly secret: ParsedKey | { readonly encrypted: string } | undefined
}

/** Why ssh2 cannot use a key. Hardware keys and certificates work with the system's ssh, the others with nothing. */
export type UnusableReason = "hardware" | "certificate" | PassedOver["why"]

export interface KeyFiles {
  readonly keys: ReadonlyArray<KeyFile>
  readonly unusable: ReadonlyArray<{ readonly path: string; readonly why: UnusableReason }>
}

/** Whether the system's ssh could not use it either. */
export const isPassedOver = (key: KeyFiles["unusable"][number]): key is PassedOver =>
  key.why !== "hardware" && key.why !== "certificate"

const largest = 64 * 1024

/** Reads the key files that exist, in this order. Like ssh, it passes over a private key that others can read. */
export const readKeyFiles = ({ utils }: Module, paths: ReadonlyArray<string>): KeyFiles => {
  const keys: Array<KeyFile> = []
  const unusable: Array<KeyFiles["unusable"][number]> = []
  for (const path of paths) {
    if (Fs.existsSync(`${path}-cert.pub`)) unusable.push({ path, why: "certificate" })
    const file = readText(path)
    const secret = file !== undefined && isPrivate.test(file.text) ? file : undefined
    const blob =
      publicPart(readText(`${path}.pub`)?.text) ??
      (secret === undefined ? publicPart(file?.text) : blobIn(secret.text))
    if (blob !== undefined && typeOf(blob)?.startsWith("sk-")) {
      unusable.push({ path, why: "hardware" })
      continue
    }
    if (secret === undefined || secret.exposed) {
      if (secret !== undefined) unusable.push({ path, why: "exposed" })
      else if (file !== undefined && blob === undefined) unusable.push({ path, why: "unreadable" })
      if (blob !== undefined) keys.push({ path, blob, secret: undefined })
      continue
    }
    const { text } = secret
    const parsed = firstOf(utils.parseKey(text))
    if (!(parsed instanceof Error) && parsed.isPrivateKey()) {
      keys.push({ path, blob: parsed.getPublicSSH(), secret: parsed })
    } else if (parsed instanceof Error && /passphrase/.test(parsed.message)) {
      if (blob === undefined) unusable.push({ path, why: "nameless" })
      else keys.push({ path, blob, secret: { encrypted: text } })
    } else {
      unusable.push({ path, why: "unreadable" })
    }
  }
  return { keys, unusable }
}

/** The key that this passphrase decrypts; undefined when it is the wrong one. */
export const unlock = ({ utils }: Module, encrypted: string, passphrase: string): ParsedKey | undefined => {
  const parsed = firstOf(utils.parseKey(encrypted, passphrase))
  return parsed instanceof Error || !parsed.isPrivateKey() ? undefined : parsed
}

const firstOf = <A>(parsed: A | ReadonlyArray<A>): A => (Array.isArray(parsed) ? parsed[0] : parsed) as A

/** PEM of any kind, and PuTTY's own format. */
const isPrivate = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----|^PuTTY-User-Key-File-/

const readText = (path: string): { readonly text: string; readonly exposed: boolean } | undefined => {
  try {
    return withOpenFileFollowed(path, ({ stats, read }) =>
      stats.isFile()
        ? {
            text: read(largest).toString("latin1"),
            exposed: stats.uid === process.geteuid?.() && (stats.mode & 0o077) !== 0
          }
        : undefined
    )
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

// Some people keep their keys elsewhere and link to them.
const withOpenFileFollowed: typeof withOpenFile = (path, use) =>
  withOpenFile(Fs.realpathSync.native(path), use)

/** Parses the single line of a .pub file. */
const publicPart = (text: string | undefined): Buffer | undefined => {
  const [, type, base64] = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(text ?? "") ?? []
  const blob = Buffer.from(base64 ?? "", "base64")
  return type !== undefined && typeOf(blob) === type ? blob : undefined
}

/** OpenSSH's private key format leaves the public part unencrypted (PROTOCOL.key). */
const blobIn = (text: string): Buffer | undefined => {
  const [, base64] = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(text) ?? []
  const bytes = Buffer.from(base64 ?? "", "base64")
  const magic = "openssh-key-v1\0"
  if (bytes.toString("latin1", 0, magic.length) !== magic) return undefined
  let at = magic.length
  const next = (): Buffer | undefined => {
    if (at + 4 > bytes.length) return undefined
    const start = at + 4
    at = start + bytes.readUInt32BE(at)
    return at <= bytes.length ? bytes.subarray(start, at) : undefined
  }
  // Skips the cipher, the key derivation, its options and the number of keys.
  if (next() === undefined || next() === undefined || next() === undefined) return undefined
  at += 4
  return next()
}
