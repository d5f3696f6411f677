import * as Fs from "node:fs"
import * as Path from "node:path"

/** How to recognize an error by its message. A class of domain/errors that is missing here is a gap. */
const messages: Readonly<Record<string, RegExp>> = {
  AccessorsCollide: /would both be Secrets\./,
  AdoptionRefused: /there is nothing to adopt/,
  AppUnknown: /There is no app \S+ (?:here|on )/,
  ClipboardUnavailable: /(?:No clipboard program found|Could not reach the clipboard)/,
  ConfigInvalid: /\.toml: /,
  DataUnsafe: /\. It was not used\./,
  Declined: /^Nothing was changed\.$/m,
  DerivationFailed: /(?:Deriving the key needs|Argon2id is not available)/,
  EntriesDiffer: /The two entries differ/,
  EnvironmentDowngraded: /was bound before, and is not any more/,
  EnvironmentNotFound: /There is no environment (?!.*--create)/,
  EnvironmentReplaced: /was replaced: this machine knows it/,
  EnvironmentUnbound: /does not bind its values to their names/,
  FileFailed: /Could not (?:read|write|write to|lock|sync) /,
  FileLocked: /is locked by/,
  FixedPort: /cannot run with port = \d+/,
  HostKeyRefused: /^error: The host key of .* Nothing was sent\.$/m,
  InstanceFailed: /^Instance \S+ (?:could not be started|ended|reported|did not (?:report|answer)|became)/m,
  Interrupted: /^Interrupted\. Nothing was changed/m,
  InvalidName: /(?:A secret's name has 1 to|An environment's name has 1 to)/,
  KeyCacheUnavailable: /no key was read from it/,
  KeyDiffers: /come from an environment with a different key than before/,
  KeyNotTrusted: /A cached key fits environment/,
  KeyRefused: /(?:That is not a key|That key opens no value of environment|has no values to try)/,
  LanguageUnknown: /so the language is unknown/,
  ListenFailed: /Port \d+ is taken|Could not listen on /,
  LoginRefused: /did not let \S+ log in at/,
  NoKeyFits: /(?:No key opens environment|There is no key for environment|there is no passphrase for it)/,
  NotDeployed: /has no release yet\./,
  NoTerminal: /[Tt]here is no terminal to ask on/,
  NoUserLeft: /No user id of \S+ is left/,
  PathRefused: /(?:is not a regular file|leads out of the project)/,
  ProcessNotStarted: /(?:command not found|was not started|interpreter)/,
  ReleaseUnknown: /has no release (?:\d+|before the current one)\. Nothing was changed\./,
  RevisionMoved: /someone else synced first/,
  RevisionUnreadable: /Revision \d+ of the secrets of \S+ (?:is missing|does not open)/,
  RolloutFailed: / was not changed; .*\.$/m,
  SecretMisplaced: /was (?:not )?sealed for/,
  SecretNotFound: /There is no secret/,
  SecretsMissing: /which tako\.toml requires|that tako\.toml requires:/,
  SecretsDamaged: /damaged, or sealed with another passphrase\./,
  SecretsFileChanged: /in the meantime/,
  SecretsFileDamaged: /secrets\.json is damaged/,
  ServerExists: /There is already a server \S+|is there already/,
  ServerKeyRefused: /(?:^The server key | is not a server key)/m,
  ServerMisbehaved: /does not answer like tako-server/,
  ServerNotFound: /There is no server .*in config\.toml/,
  ServerRefused: /^error: Server \S+: /m,
  ServerUnreachable: /Server \S+ failed while connecting/,
  SocketRefused: /(?:^Another tako-server is running|It was left alone\.)/m,
  StateDamaged: /^(?:error: Server \S+: )?The state of \S+ \(its state\.json\)/m,
  Usage:
    /(?:There is no command|has no flag|has no such (?:flag|command)|Which environment|takes no|is missing\.|never taken from an argument)/,
  ValueRefused: /The value (?:is|has)/
}

export const classesOf = (root: string): ReadonlyArray<string> => {
  const folder = Path.join(root, "src/domain/errors")
  return Fs.readdirSync(folder).flatMap((name) =>
    [
      ...Fs.readFileSync(Path.join(folder, name), "utf8").matchAll(
        /class (\w+) extends (?:Data|Schema)\.TaggedError/g
      )
    ].map(([, tag = ""]) => tag)
  )
}

export const classesIn = (stderr: string): ReadonlyArray<string> =>
  Object.entries(messages)
    .filter(([, pattern]) => pattern.test(stderr))
    .map(([tag]) => tag)
