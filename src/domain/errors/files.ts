import * as Data from "effect/Data"

/** Another process holds the lock of a file that tako wants to change. Exit 1. */
export class FileLocked extends Data.TaggedError("FileLocked")<{
  readonly path: string
  readonly pid?: number
}> {
  override get message(): string {
    const who = this.pid === undefined ? "another process" : `process ${this.pid}`
    return `${this.path} is locked by ${who}. Nothing was written.\nWait for it to finish, then run the same command again.`
  }
}

const consequences = {
  read: "",
  write: " The old file is untouched.",
  "write to": "",
  lock: " The old file is untouched.",
  sync: " The change is made, but a power cut may undo it."
} as const

/** The operating system refused to read or write a file. Exit 1. */
export class FileFailed extends Data.TaggedError("FileFailed")<{
  /**
   * "write to": a stream; part of the data may have been written. "sync": the new file is in place, but may be lost
   * in a power failure.
   */
  readonly operation: "read" | "write" | "write to" | "lock" | "sync"
  readonly path: string
  /** The errno's name: "ENOSPC". */
  readonly code: string
}> {
  override get message(): string {
    return `Could not ${this.operation} ${this.path}: ${explain(this.code)}.${consequences[this.operation]}`
  }
}

/** How a file or folder can fail to be private, as a predicate of its path. */
export const unsafeProblems = {
  symlink: "is a symbolic link",
  "not-a-file": "is not a regular file",
  "not-a-directory": "is not a directory",
  "foreign-owner": "belongs to another user",
  permissions: "can be read or changed by others"
} as const

export type UnsafeProblem = keyof typeof unsafeProblems

const explanations: Readonly<Record<string, string>> = {
  EACCES: "permission denied (EACCES)",
  EPERM: "not permitted (EPERM)",
  ENOENT: "it does not exist (ENOENT)",
  ENOSPC: "the disk is full (ENOSPC)",
  EFBIG: "it would be larger than 4 MiB or your file size limit (EFBIG)",
  EDQUOT: "the disk quota is used up (EDQUOT)",
  EROFS: "the file system is read-only (EROFS)",
  EIO: "the disk reported an error (EIO)",
  EISDIR: "it is a directory (EISDIR)",
  ENOTDIR: "part of its path is not a directory (ENOTDIR)",
  EMFILE: "too many open files (EMFILE)",
  ECONNREFUSED: "the connection was refused (ECONNREFUSED)",
  ECONNRESET: "the connection was cut off (ECONNRESET)",
  EPIPE: "the connection was cut off (EPIPE)",
  EHOSTUNREACH: "the host cannot be reached (EHOSTUNREACH)",
  ENETUNREACH: "the network cannot be reached (ENETUNREACH)",
  ETIMEDOUT: "there was no answer in time (ETIMEDOUT)",
  ENOTFOUND: "no host has that name (ENOTFOUND)",
  EAI_AGAIN: "the name server does not answer (EAI_AGAIN)"
}

/** Describes an errno in words. */
export const explain = (code: string): string => explanations[code] ?? code
