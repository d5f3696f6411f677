import type * as Files from "../domain/errors/files.ts"
import type * as Keys from "../domain/errors/keys.ts"
import type * as Front from "../domain/errors/listen.ts"
import type * as Processes from "../domain/errors/processes.ts"
import type * as ProjectErrors from "../domain/errors/project.ts"
import type * as Rollout from "../domain/errors/rollout.ts"
import type * as Secrets from "../domain/errors/secrets.ts"
import type * as SecretsFileErrors from "../domain/errors/secrets-file.ts"
import type * as Server from "../domain/errors/server.ts"
import type * as Servers from "../domain/errors/servers.ts"
import type * as Ssh from "../domain/errors/ssh.ts"
import type * as Typegen from "../domain/errors/typegen.ts"
import type * as User from "../domain/errors/user.ts"

/** What this process ends with: 0 to 255. */
export type ExitCode = number

export const done = 0
export const failed = 1
export const wrongUsage = 2
export const noKey = 3
export const damaged = 4
/** A server failed or could not be reached. */
export const serverFailed = 5
/** 128 and SIGINT's number, as shells have it. */
export const interrupted = 130

type Modules = typeof Files &
  typeof Front &
  typeof Keys &
  typeof Processes &
  typeof ProjectErrors &
  typeof Rollout &
  typeof Secrets &
  typeof SecretsFileErrors &
  typeof Typegen &
  typeof Server &
  typeof Servers &
  typeof Ssh &
  typeof User

type InstanceOf<C> = C extends abstract new (...parameters: Array<never>) => infer E ? E : never

/** Every error that a command may end with: the classes of domain/errors. */
export type TakoError = Extract<InstanceOf<Modules[keyof Modules]>, Error & { readonly _tag: string }>

type Table = {
  readonly [Tag in TakoError["_tag"]]: ExitCode | ((error: Extract<TakoError, { _tag: Tag }>) => ExitCode)
}

const table: Table = {
  AccessorsCollide: failed,
  AdoptionRefused: failed,
  AppUnknown: serverFailed,
  ClipboardUnavailable: failed,
  ConfigInvalid: failed,
  DataUnsafe: failed,
  Declined: failed,
  DerivationFailed: failed,
  EntriesDiffer: failed,
  EnvironmentDowngraded: damaged,
  EnvironmentNotFound: failed,
  EnvironmentReplaced: damaged,
  EnvironmentUnbound: damaged,
  FileFailed: failed,
  FileLocked: failed,
  FixedPort: serverFailed,
  HostKeyRefused: serverFailed,
  InstanceFailed: serverFailed,
  Interrupted: interrupted,
  InvalidName: wrongUsage,
  KeyCacheUnavailable: ({ reason }) => (reason === "unsafe" ? noKey : failed),
  KeyDiffers: serverFailed,
  KeyNotTrusted: noKey,
  KeyRefused: noKey,
  LanguageUnknown: wrongUsage,
  ListenFailed: failed,
  LoginRefused: serverFailed,
  NoKeyFits: noKey,
  NoTerminal: wrongUsage,
  NotDeployed: serverFailed,
  NoUserLeft: serverFailed,
  PathRefused: failed,
  // As a shell has it (POSIX, Shell Command Language, 2.8.2).
  ProcessNotStarted: ({ reason }) => (reason === "not-found" ? 127 : 126),
  ReleaseUnknown: serverFailed,
  RevisionMoved: serverFailed,
  RevisionUnreadable: damaged,
  RolloutFailed: serverFailed,
  SecretMisplaced: damaged,
  SecretsMissing: failed,
  SecretNotFound: failed,
  SecretsDamaged: damaged,
  SecretsFileChanged: failed,
  SecretsFileDamaged: damaged,
  ServerExists: failed,
  ServerKeyRefused: noKey,
  ServerMisbehaved: serverFailed,
  ServerNotFound: failed,
  ServerRefused: serverFailed,
  ServerUnreachable: serverFailed,
  SocketRefused: failed,
  StateDamaged: damaged,
  Usage: wrongUsage,
  ValueRefused: wrongUsage
}

/** The one place that decides with which exit code an error ends the process. */
export const exitCode = (error: TakoError): ExitCode => {
  const entry = table[error._tag] as ExitCode | ((error: TakoError) => ExitCode)
  return typeof entry === "number" ? entry : entry(error)
}

/** Whether it is an error that the table knows; anything else is a bug. */
export const isTakoError = (u: unknown): u is TakoError =>
  u instanceof Error && "_tag" in u && typeof u._tag === "string" && Object.hasOwn(table, u._tag)
