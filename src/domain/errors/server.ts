import * as Data from "effect/Data"
import { explain, type UnsafeProblem, unsafeProblems } from "./files.ts"

/** The state of one app on this server cannot be relied on, so the app is left alone; other apps go on. Exit 4. */
export class StateDamaged extends Data.TaggedError("StateDamaged")<{
  readonly app: string
  /** "newer": a later tako-server wrote it. "other-app": it is that of another app. */
  readonly reason: "content" | "newer" | "other-app"
}> {
  override get message(): string {
    const what = {
      content: "is not what tako-server writes",
      newer: "was written by a newer tako-server",
      "other-app": "belongs to another app"
    }[this.reason]
    const mend =
      this.reason === "newer"
        ? "Install that version again."
        : "Restore it from a backup, or delete the app and deploy it again."
    return `The state of ${this.app} (its state.json) ${what}. Nothing was started or changed.\n${mend}`
  }
}

/** The secrets of a revision cannot be had, so nothing is started with them. Exit 4. */
export class RevisionUnreadable extends Data.TaggedError("RevisionUnreadable")<{
  readonly app: string
  readonly revision: number
  /**
   * "sealed": it does not open under this server's key, for this app and as this revision. "awaited": a server that
   * keeps secrets in memory was started anew.
   */
  readonly reason: "missing" | "sealed" | "awaited"
}> {
  override get message(): string {
    const environment = this.app.slice(this.app.indexOf("/") + 1)
    const what = {
      missing: `Revision ${this.revision} of the secrets of ${this.app} is missing on this server.`,
      sealed: `Revision ${this.revision} of the secrets of ${this.app} does not open: damaged, moved here from elsewhere, or sealed under another server key.`,
      awaited: `The secrets of ${this.app} were in memory only, and the server was restarted.`
    }[this.reason]
    return `${what} Nothing is started with it.\nSend them again: tako secrets sync --env ${environment}`
  }
}

/** Something in the data directory is not as tako-server leaves it, so nothing of it is used. Exit 1. */
export class DataUnsafe extends Data.TaggedError("DataUnsafe")<{
  readonly path: string
  readonly problem: UnsafeProblem
  readonly directory: boolean
}> {
  override get message(): string {
    const mend =
      this.problem === "permissions"
        ? `chmod ${this.directory ? "go-rwx" : "600"} ${this.path}`
        : this.problem === "foreign-owner"
          ? "run tako-server as that user, or give it a data directory of its own (--data-dir)"
          : "look at it, then put back what belongs there"
    return `${this.path} ${unsafeProblems[this.problem]}. Nothing of it was used.\nMend it: ${mend}`
  }
}

/** The server has no key for what it has sealed. Exit 3. */
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
        return `The server key ${path} is missing, and there is data that was sealed under it. A new key would open none of it.\nPut the key back; or move the data directory away and deploy and sync again.`
      case "no-credential":
        return `$CREDENTIALS_DIRECTORY is set, and there is no server key in it (${path}).\nLoad it with LoadCredentialEncrypted=, as tako-server unit prints it.`
      case "content":
        return `${path} is no server key: one is the base64 of 32 bytes.\nMake one: head -c 32 /dev/urandom | base64`
      case "in-data-directory":
        return `The server key ${path} would be in the data directory, where a backup takes it along with what it seals.\nChoose a place elsewhere.`
      case "unreadable":
        return `The server key ${path} cannot be read.\nRun tako-server as the user that it belongs to.`
      case "permissions":
        return `The server key ${path} can be read or changed by others.\nIf nobody has: chmod 600 ${path}`
      case "foreign-owner":
        return `The server key ${path} belongs to another user.\nRun tako-server as that user.`
      default:
        return `The server key ${path} ${unsafeProblems[this.problem]}.\nPut the key itself there.`
    }
  }
}

/** A path at which this process wanted to listen, as the only one. Exit 1. */
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
        return `Another tako-server is running: something answers on ${path}.\nStop that one, or give this one another --socket and --data-dir.`
      case "not-a-socket":
        return `${path} is there and is no socket. It was left alone.\nMove it away, or choose another path.`
      case "foreign-owner":
        return `${path} is another user's socket. It was left alone.\nRemove it as that user, or choose another path.`
      case "too-long":
        return `${path} is too long for a socket's path (about 100 bytes).\nChoose a shorter one.`
      case "failed":
        return `Listening on ${path} failed: ${explain(this.code ?? "")}.`
    }
  }
}

/** How far a client has come with a server. */
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

/** A server was not reached, or went away. After `request` it may have done what was asked. Exit 5. */
export class ServerUnreachable extends Data.TaggedError("ServerUnreachable")<{
  readonly server: string
  readonly stage: TransportStage
  /** "timeout", "closed", or an errno's name. */
  readonly reason: string
  /** What to do about it, when the transport knows. */
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
        ? "It may have done it all the same. See: tako servers status"
        : "Is tako-server running there? See: tako servers status")
    return `Server ${this.server} failed while ${stages[this.stage]}: ${why}.\n${hint}`
  }
}

/** What a server said is not what tako-server says. Exit 5. */
export class ServerMisbehaved extends Data.TaggedError("ServerMisbehaved")<{
  readonly server: string
  readonly reason: "too-long" | "not-text" | "not-json" | "not-an-answer" | "version"
}> {
  override get message(): string {
    const what = {
      "too-long": "it sent more than 16 MiB in one line",
      "not-text": "it sent something that is not UTF-8",
      "not-json": "it sent something that is not JSON",
      "not-an-answer": "its answer has not the form that tako-server gives it",
      version: "it speaks another version of the protocol"
    }[this.reason]
    return `Server ${this.server} does not answer like tako-server: ${what}.\nCheck what listens on its socket, and that tako has the same version on both sides.`
  }
}

/** The server understood the request and did not do it; it says why. Exit 5. */
export class ServerRefused extends Data.TaggedError("ServerRefused")<{
  readonly server: string
  /** The server's words, fit to be printed. */
  readonly reason: string
}> {
  override get message(): string {
    return `Server ${this.server}: ${this.reason}`
  }
}

/** A request names an app that the server does not know. Exit 5. */
export class AppUnknown extends Data.TaggedError("AppUnknown")<{
  readonly app: string
  /** The servers that were asked; without them, it is the one that says so. */
  readonly servers?: ReadonlyArray<string>
  readonly suggestion?: string
}> {
  override get message(): string {
    const where = this.servers === undefined ? "here" : `on ${this.servers.join(", ")}`
    const next =
      this.suggestion === undefined ? "See which there are: tako status" : `Did you mean ${this.suggestion}?`
    return `There is no app ${this.app} ${where}.\n${next}`
  }
}
