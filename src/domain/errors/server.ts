import * as Data from "effect/Data"
import { explain, type UnsafeProblem, unsafeProblems } from "./files.ts"

/** The state of one app on this server is damaged. The app is left alone; others keep running. Exit 4. */
export class StateDamaged extends Data.TaggedError("StateDamaged")<{
  readonly app: string
  /** "newer": a later version wrote it. "other-app": it belongs to another app. */
  readonly reason: "content" | "newer" | "other-app"
}> {
  override get message(): string {
    const what = {
      content: "is damaged",
      newer: "was written by a newer tako-server",
      "other-app": "belongs to another app"
    }[this.reason]
    const fix =
      this.reason === "newer"
        ? "Install that version of tako-server again."
        : "Restore it from a backup, or delete the app and deploy it again."
    return `The state of ${this.app} (its state.json) ${what}. Nothing was started or changed.\n${fix}`
  }
}

/** The secrets of a revision cannot be read, so nothing is started with them. Exit 4. */
export class RevisionUnreadable extends Data.TaggedError("RevisionUnreadable")<{
  readonly app: string
  readonly revision: number
  /**
   * "sealed": the file does not open under this server's key as this revision of this app. "awaited": the server keeps
   * secrets in memory only, and was restarted.
   */
  readonly reason: "missing" | "sealed" | "awaited"
}> {
  override get message(): string {
    const environment = this.app.slice(this.app.indexOf("/") + 1)
    const what = {
      missing: `Revision ${this.revision} of the secrets of ${this.app} is missing on this server.`,
      sealed: `Revision ${this.revision} of the secrets of ${this.app} does not open: it is damaged, was moved here, or is sealed under another server key.`,
      awaited: `The secrets of ${this.app} were only in memory, and the server was restarted.`
    }[this.reason]
    return `${what} Nothing was started with it.\nSend the secrets again: tako secrets sync --env ${environment}`
  }
}

/** A file or folder in the data directory is not safe to use. Exit 1. */
export class DataUnsafe extends Data.TaggedError("DataUnsafe")<{
  readonly path: string
  readonly problem: UnsafeProblem
  readonly directory: boolean
}> {
  override get message(): string {
    const fix =
      this.problem === "permissions"
        ? `chmod ${this.directory ? "go-rwx" : "600"} ${this.path}`
        : this.problem === "foreign-owner"
          ? "run tako-server as that user, or give it a data directory of its own (--data-dir)"
          : "replace it with the original"
    return `${this.path} ${unsafeProblems[this.problem]}. It was not used.\nFix it: ${fix}`
  }
}

/** The server key is missing or not safe to use. Exit 3. */
export class ServerKeyRefused extends Data.TaggedError("ServerKeyRefused")<{
  readonly path: string
  readonly problem:
    | UnsafeProblem
    | "missing"
    | "no-credential"
    | "content"
    | "in-data-directory"
    | "unreadable"
}> {
  override get message(): string {
    const { path } = this
    switch (this.problem) {
      case "missing":
        return `The server key ${path} is missing, but data sealed under it exists. A new key would not open it.\nRestore the key, or move the data directory away, deploy and sync again.`
      case "no-credential":
        return `$CREDENTIALS_DIRECTORY is set, but contains no server key (${path}).\nLoad it with LoadCredentialEncrypted=, as in the output of: tako-server unit`
      case "content":
        return `${path} is not a server key, which is 32 bytes in base64.\nCreate one: head -c 32 /dev/urandom | base64`
      case "in-data-directory":
        return `The server key ${path} would be inside the data directory, so a backup would contain both the key and the data it protects.\nChoose a path elsewhere.`
      case "unreadable":
        return `The server key ${path} cannot be read.\nRun tako-server as the user who owns it.`
      case "permissions":
        return `The server key ${path} can be read or changed by others.\nIf nobody has read it: chmod 600 ${path}`
      case "foreign-owner":
        return `The server key ${path} belongs to another user.\nRun tako-server as that user.`
      default:
        return `The server key ${path} ${unsafeProblems[this.problem]}.\nPut the key file itself there.`
    }
  }
}

/** This process could not become the only one to listen on a socket. Exit 1. */
export class SocketRefused extends Data.TaggedError("SocketRefused")<{
  readonly path: string
  readonly problem: "taken" | "not-a-socket" | "foreign-owner" | "too-long" | "failed"
  /** The errno's name, where there is one. */
  readonly code?: string
}> {
  override get message(): string {
    const { path } = this
    switch (this.problem) {
      case "taken":
        return `Another tako-server is running: something answers on ${path}.\nStop it, or start this one with another --socket and --data-dir.`
      case "not-a-socket":
        return `${path} exists and is not a socket. It was left alone.\nMove it away, or choose another path.`
      case "foreign-owner":
        return `${path} is another user's socket. It was left alone.\nRemove it as that user, or choose another path.`
      case "too-long":
        return `${path} is too long for a socket's path (about 100 bytes).\nChoose a shorter one.`
      case "failed":
        return `Could not listen on ${path}: ${explain(this.code ?? "")}.`
    }
  }
}

/** The step of a connection at which a client failed. */
export type TransportStage = keyof typeof stages

const stages = {
  resolve: "finding its address",
  connect: "connecting",
  "host-key": "checking its host key",
  authenticate: "logging in",
  socket: "reaching tako-server's socket",
  request: "sending the request",
  reply: "waiting for the answer"
} as const

/** A server could not be reached, or the connection broke. After `request` it may have carried out the command. Exit 5. */
export class ServerUnreachable extends Data.TaggedError("ServerUnreachable")<{
  readonly server: string
  readonly stage: TransportStage
  /** "timeout", "closed", or the name of an errno. */
  readonly reason: string
  /** What the user can do, if the transport knows. */
  readonly hint?: string
}> {
  override get message(): string {
    const why =
      this.reason === "timeout"
        ? "it took too long"
        : this.reason === "closed"
          ? "the connection was closed"
          : explain(this.reason)
    const hint =
      this.hint ??
      (this.stage === "reply"
        ? "It may have carried out the command. Check: tako servers status"
        : "Is tako-server running there? Check: tako servers status")
    return `Server ${this.server} failed while ${stages[this.stage]}: ${why}.\n${hint}`
  }
}

/** A server's answer does not follow the protocol. Exit 5. */
export class ServerMisbehaved extends Data.TaggedError("ServerMisbehaved")<{
  readonly server: string
  readonly reason: "too-long" | "not-text" | "not-json" | "not-an-answer" | "version"
}> {
  override get message(): string {
    const what = {
      "too-long": "it sent more than 16 MiB in one line",
      "not-text": "its answer is not UTF-8",
      "not-json": "its answer is not JSON",
      "not-an-answer": "its answer does not follow the protocol",
      version: "it speaks a different version of the protocol"
    }[this.reason]
    return `Server ${this.server} does not answer like tako-server: ${what}.\nCheck what listens on its socket, and that both sides have the same version of tako.`
  }
}

/** The server understood the request and refused it. Exit 5. */
export class ServerRefused extends Data.TaggedError("ServerRefused")<{
  readonly server: string
  /** The server's message, safe to print. */
  readonly reason: string
}> {
  override get message(): string {
    return `Server ${this.server}: ${this.reason}`
  }
}

/** The server does not know the app. Exit 5. */
export class AppUnknown extends Data.TaggedError("AppUnknown")<{
  readonly app: string
  /** The servers that were queried; undefined in a server's own message. */
  readonly servers?: ReadonlyArray<string>
  readonly suggestion?: string
}> {
  override get message(): string {
    const where = this.servers === undefined ? "here" : `on ${this.servers.join(", ")}`
    const next =
      this.suggestion === undefined ? "List the apps: tako status" : `Did you mean ${this.suggestion}?`
    return `There is no app ${this.app} ${where}.\n${next}`
  }
}
