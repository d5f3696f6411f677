import * as Fs from "node:fs"
import type { ParsedKey } from "ssh2"
import type { PassedOver } from "../../../domain/errors/ssh.ts"
import { errnoOf } from "../../files/errno.ts"
import { withOpenFile } from "../../files/open-file.ts"
import { typeOf } from "../../known-hosts/file.ts"
import type { Module } from "./session.ts"

/** A key of the configuration's, as its files have it. */
export interface KeyFile {
  readonly path: string
  /** The public part, in the form of the wire. */
  readonly blob: Buffer
  /** Undefined when only its public part is there, for an agent to have the other. */
  readonly secret: ParsedKey | { readonly encrypted: string } | undefined
}

/** What is no use to ssh2: hardware keys and certificates are to ssh itself; the others are to nobody. */
export type Unfit = "hardware" | "certificate" | PassedOver["why"]

export interface KeyFiles {
  readonly keys: ReadonlyArray<KeyFile>
  readonly unfit: ReadonlyArray<{ readonly path: string; readonly why: Unfit }>
}

/** Whether ssh itself would have no use for it either. */
export const isPassedOver = (unfit: KeyFiles["unfit"][number]): unfit is PassedOver =>
  unfit.why !== "hardware" && unfit.why !== "certificate"

const largest = 64 * 1024

/** The keys that are there, in their order. As ssh does, it passes over a private key that others can read. */
export const readKeyFiles = ({ utils }: Module, paths: ReadonlyArray<string>): KeyFiles => {
  const keys: Array<KeyFile> = []
  const unfit: Array<KeyFiles["unfit"][number]> = []
  for (const path of paths) {
    if (Fs.existsSync(`${path}-cert.pub`)) unfit.push({ path, why: "certificate" })
    const file = readText(path)
    const secret = file !== undefined && isPrivate.test(file.text) ? file : undefined
    const blob =
      publicPart(readText(`${path}.pub`)?.text) ??
      (secret === undefined ? publicPart(file?.text) : blobIn(secret.text))
    if (blob !== undefined && typeOf(blob)?.startsWith("sk-")) {
      unfit.push({ path, why: "hardware" })
      continue
    }
    if (secret === undefined || secret.exposed) {
      if (secret !== undefined) unfit.push({ path, why: "exposed" })
      else if (file !== undefined && blob === undefined) unfit.push({ path, why: "unreadable" })
      if (blob !== undefined) keys.push({ path, blob, secret: undefined })
      continue
    }
    const { text } = secret
    const parsed = first(utils.parseKey(text))
    if (!(parsed instanceof Error) && parsed.isPrivateKey()) {
      keys.push({ path, blob: parsed.getPublicSSH(), secret: parsed })
    } else if (parsed instanceof Error && /passphrase/.test(parsed.message)) {
      if (blob === undefined) unfit.push({ path, why: "nameless" })
      else keys.push({ path, blob, secret: { encrypted: text } })
    } else {
      unfit.push({ path, why: "unreadable" })
    }
  }
  return { keys, unfit }
}

/** What a passphrase makes of it; undefined when it is the wrong one. */
export const unlock = ({ utils }: Module, encrypted: string, passphrase: string): ParsedKey | undefined => {
  const parsed = first(utils.parseKey(encrypted, passphrase))
  return parsed instanceof Error || !parsed.isPrivateKey() ? undefined : parsed
}

const first = <A>(found: A | ReadonlyArray<A>): A => (Array.isArray(found) ? found[0] : found) as A

/** PEM of all sorts, and PuTTY's own format. */
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

// Keys are kept behind links by those who keep such files elsewhere.
const withOpenFileFollowed: typeof withOpenFile = (path, use) =>
  withOpenFile(Fs.realpathSync.native(path), use)

/** Of the one line of a .pub file. */
const publicPart = (text: string | undefined): Buffer | undefined => {
  const [, type, base64] = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(text ?? "") ?? []
  const blob = Buffer.from(base64 ?? "", "base64")
  return type !== undefined && typeOf(blob) === type ? blob : undefined
}

/** Of a private key in OpenSSH's own format, which does not encrypt it (PROTOCOL.key). */
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
  // Cipher, key derivation, its options, how many keys there are.
  if (next() === undefined || next() === undefined || next() === undefined) return undefined
  at += 4
  return next()
}
