import * as Data from "effect/Data"

/** Why an instance cannot serve. */
export type InstanceProblem =
  | { readonly _tag: "NotStarted"; readonly why: string }
  | { readonly _tag: "Ended"; readonly how: string; readonly isReady: boolean }
  /** It closed fd 4 without writing a port to it. */
  | { readonly _tag: "NoPort" }
  | { readonly _tag: "NotReady"; readonly seconds: number; readonly port: number | null }
  /** Another user's process listens on its port. */
  | { readonly _tag: "ForeignPort"; readonly port: number }
  | { readonly _tag: "Unhealthy" }

export const describeProblem = (problem: InstanceProblem): string => {
  switch (problem._tag) {
    case "NotStarted":
      return `could not be started: ${problem.why}`
    case "Ended":
      return `ended ${problem.isReady ? "soon after" : "before"} it was ready: ${problem.how}`
    case "NoPort":
      return 'did not report a port on fd 4 (an app that does not use fd 4 needs port = "assign", a worker port = "none")'
    case "NotReady":
      return problem.port === null
        ? `did not report a port on fd 4 within ${problem.seconds} seconds (an app that does not use fd 4 needs port = "assign", a worker port = "none")`
        : `did not answer on port ${problem.port} within ${problem.seconds} seconds`
    case "ForeignPort":
      return `reported port ${problem.port}, but another user's process listens there`
    case "Unhealthy":
      return "became unhealthy"
  }
}

/** Why instances cannot use the directory of their release. */
export type Obstacle =
  | { readonly _tag: "Missing" }
  /** The app's user may not enter this folder. */
  | { readonly _tag: "Closed"; readonly folder: string; readonly user: number }

export const describeObstacle = (directory: string, obstacle: Obstacle): string => {
  if (obstacle._tag === "Closed") {
    return `The app's own user (${obstacle.user}) may not enter ${obstacle.folder}, so it cannot reach ${directory}.\nMove the release to a place that every user may read, such as /srv, or run: chmod o+x ${obstacle.folder}`
  }
  return /^\/(?:var\/)?tmp(?:\/|$)/.test(directory)
    ? `There is no directory ${directory} for tako-server: as a systemd service it has a private /tmp.\nMove the release elsewhere, for example to /srv.`
    : `There is no directory ${directory} on the server.\nCopy the release there first, or pass another directory: --directory`
}

/** An instance did not become healthy, or is no longer. Exit 5. */
export class InstanceFailed extends Data.TaggedError("InstanceFailed")<{
  readonly instance: string
  readonly problem: InstanceProblem
  /** The last lines of its output, masked. */
  readonly output: ReadonlyArray<string>
}> {
  override get message(): string {
    return `Instance ${this.instance} ${describeProblem(this.problem)}.`
  }
}

/** A rollout failed and changed nothing. Exit 5. */
export class RolloutFailed extends Data.TaggedError("RolloutFailed")<{
  readonly app: string
  /** Must not quote a value. */
  readonly reason: string
  /** The last lines of output of the process that failed, masked; undefined if none was started. */
  readonly output: ReadonlyArray<string> | undefined
  /** What still runs, as a clause: "revision 3 keeps running". */
  readonly kept: string
}> {
  override get message(): string {
    return [`${this.app} was not changed; ${this.kept}.`, this.reason, ...describeOutput(this.output)].join(
      "\n"
    )
  }
}

const describeOutput = (output: RolloutFailed["output"]): ReadonlyArray<string> => {
  if (output === undefined) return []
  return output.length === 0
    ? ["It printed nothing."]
    : ["Its last lines:", ...output.map((line) => `  ${line}`)]
}

/** The app is not at the revision that the client expected. Exit 5. */
export class RevisionMoved extends Data.TaggedError("RevisionMoved")<{
  readonly app: string
  readonly expected: number
  readonly current: number
}> {
  override get message(): string {
    const now = this.current === 0 ? "has no secrets yet" : `is at revision ${this.current}`
    return `${this.app} ${now}, not at ${this.expected}: someone else synced first. Nothing was changed.\nCheck what would change, then sync again.`
  }
}

/** The secrets come from an environment with another key than the app's. Exit 5. */
export class KeyDiffers extends Data.TaggedError("KeyDiffers")<{
  readonly app: string
  readonly remembered: string
}> {
  override get message(): string {
    return `The secrets for ${this.app} come from an environment with a different key than before (${this.remembered}). Nothing was changed.\nIf the key was rotated, sync from the machine that rotated it, or confirm it: tako secrets sync --env ${this.app.slice(this.app.indexOf("/") + 1)} --previous-key ${this.remembered}\nIf another project has the same name, rename this one.`
  }
}

/** The app has no release to run. Exit 5. */
export class NotDeployed extends Data.TaggedError("NotDeployed")<{ readonly app: string }> {
  override get message(): string {
    return `${this.app} has no release yet.\nCreate one: tako apps deploy`
  }
}

/** The release to roll back to does not exist, or is no longer kept. Exit 5. */
export class ReleaseUnknown extends Data.TaggedError("ReleaseUnknown")<{
  readonly app: string
  readonly release: number | null
  readonly kept: ReadonlyArray<number>
}> {
  override get message(): string {
    const what = this.release === null ? "no release before the current one" : `no release ${this.release}`
    return `${this.app} has ${what}. Nothing was changed.\nReleases: ${this.kept.join(", ") || "none"}`
  }
}

/** Old and new instances run side by side, so they cannot share a fixed port. Exit 5. */
export class FixedPort extends Data.TaggedError("FixedPort")<{
  readonly app: string
  readonly port: number
}> {
  override get message(): string {
    return `${this.app} cannot run with port = ${this.port}: old and new instances run side by side, so each needs a port of its own. Nothing was changed.\nSet port = "assign" to get one as PORT, or remove port and report it on fd 4.`
  }
}

/** No user id is left for another app. Exit 5. */
export class NoUserLeft extends Data.TaggedError("NoUserLeft")<{ readonly range: string }> {
  override get message(): string {
    return `No user id of ${this.range} is left for another app: each app has its own, and keeps it while its folder exists.\nGive the server a larger range (--uids FROM-TO), or remove the folders of deleted apps.`
  }
}
