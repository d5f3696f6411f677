import * as Data from "effect/Data"

/** Why an instance is none that could serve. */
export type InstanceProblem =
  | { readonly _tag: "NotStarted"; readonly why: string }
  | { readonly _tag: "Ended"; readonly how: string; readonly isReady: boolean }
  /** It closed fd 4, or wrote something else than a port. */
  | { readonly _tag: "NoPort" }
  | { readonly _tag: "NotReady"; readonly seconds: number; readonly port: number | null }
  /** What listens on its port is another user's. */
  | { readonly _tag: "ForeignPort"; readonly port: number }
  | { readonly _tag: "Unhealthy" }

export const sayProblem = (problem: InstanceProblem): string => {
  switch (problem._tag) {
    case "NotStarted":
      return `could not be started: ${problem.why}`
    case "Ended":
      return `ended ${problem.isReady ? "soon after" : "before"} it was ready: ${problem.how}`
    case "NoPort":
      return 'told no port on fd 4 (an app that does not know fd 4 needs port = "assign", a worker port = "none")'
    case "NotReady":
      return problem.port === null
        ? `told no port on fd 4 within ${problem.seconds} seconds (an app that does not know fd 4 needs port = "assign", a worker port = "none")`
        : `did not answer on port ${problem.port} within ${problem.seconds} seconds`
    case "ForeignPort":
      return `told port ${problem.port}, on which a program of another user listens`
    case "Unhealthy":
      return "became unhealthy"
  }
}

/** What keeps instances from the directory of their release. */
export type Obstacle =
  | { readonly _tag: "Missing" }
  /** The folder lets the app's user not pass. */
  | { readonly _tag: "Closed"; readonly folder: string; readonly user: number }

export const sayObstacle = (directory: string, obstacle: Obstacle): string => {
  if (obstacle._tag === "Closed") {
    return `Its directory ${directory} is closed to the app's own user (${obstacle.user}): ${obstacle.folder} does not let others in.\nPut it where every user may look, as in /srv, or open the way: chmod o+x ${obstacle.folder}`
  }
  return /^\/(?:var\/)?tmp(?:\/|$)/.test(directory)
    ? `There is no directory ${directory} where tako-server looks: as a systemd service it has a /tmp of its own.\nPut it elsewhere, as in /srv.`
    : `There is no directory ${directory} on the server.\nCopy it there first, or pass another one: --directory`
}

/** One instance did not become one that serves, or is it no more. Exit 5. */
export class InstanceFailed extends Data.TaggedError("InstanceFailed")<{
  readonly instance: string
  readonly problem: InstanceProblem
  /** Its last lines, masked. */
  readonly output: ReadonlyArray<string>
}> {
  override get message(): string {
    return `Instance ${this.instance} ${sayProblem(this.problem)}.`
  }
}

/** A rollout has ended with everything as it was before. Exit 5. */
export class RolloutFailed extends Data.TaggedError("RolloutFailed")<{
  readonly app: string
  /** Without values. */
  readonly reason: string
  /** The last lines of what failed, masked; undefined where nothing was started. */
  readonly output: ReadonlyArray<string> | undefined
  /** What goes on: "revision 3", "release 2". */
  readonly kept: string
}> {
  override get message(): string {
    return [`${this.app} was not changed; ${this.kept}.`, this.reason, ...said(this.output)].join("\n")
  }
}

const said = (output: RolloutFailed["output"]): ReadonlyArray<string> => {
  if (output === undefined) return []
  return output.length === 0
    ? ["It wrote nothing."]
    : ["Its last lines:", ...output.map((line) => `  ${line}`)]
}

/** The app has another revision than the client thought. Exit 5. */
export class RevisionMoved extends Data.TaggedError("RevisionMoved")<{
  readonly app: string
  readonly expected: number
  readonly current: number
}> {
  override get message(): string {
    const now = this.current === 0 ? "has no secrets yet" : `is at revision ${this.current}`
    return `${this.app} ${now}, not at ${this.expected}: somebody else has synced meanwhile. Nothing was changed.\nLook at what would change, and sync again.`
  }
}

/** The secrets were opened with another key than this app's up to now. Exit 5. */
export class KeyDiffers extends Data.TaggedError("KeyDiffers")<{
  readonly app: string
  readonly remembered: string
}> {
  override get message(): string {
    return `The secrets for ${this.app} come from an environment with another key than before (${this.remembered}). Nothing was changed.\nIf the key was rotated, sync from where that was done, or say so: tako secrets sync --env ${this.app.slice(this.app.indexOf("/") + 1)} --previous-key ${this.remembered}\nIf it is another project of the same name, give this one another name.`
  }
}

/** There is nothing to run yet. Exit 5. */
export class NotDeployed extends Data.TaggedError("NotDeployed")<{ readonly app: string }> {
  override get message(): string {
    return `${this.app} has no release yet.\nMake one: tako apps deploy`
  }
}

/** A release that is not kept, or none before the current one. Exit 5. */
export class ReleaseUnknown extends Data.TaggedError("ReleaseUnknown")<{
  readonly app: string
  readonly release: number | null
  readonly kept: ReadonlyArray<number>
}> {
  override get message(): string {
    const what = this.release === null ? "no release before the current one" : `no release ${this.release}`
    return `${this.app} has ${what}. Nothing was changed.\nThere are: ${this.kept.join(", ") || "none"}`
  }
}

/** Old and new instances run side by side, so none can have a port that is the same for all. Exit 5. */
export class FixedPort extends Data.TaggedError("FixedPort")<{
  readonly app: string
  readonly port: number
}> {
  override get message(): string {
    return `${this.app} cannot run with port = ${this.port}: old and new instances run side by side, so each needs a port of its own. Nothing was changed.\nWith port = "assign" it gets one as PORT; without port it tells one on fd 4.`
  }
}

/** No numeric user is left to give to an app. Exit 5. */
export class NoUserLeft extends Data.TaggedError("NoUserLeft")<{ readonly range: string }> {
  override get message(): string {
    return `No user id of ${this.range} is left for another app: each has its own, and keeps it as long as files of it remain.\nGive the server a larger range (--uids FROM-TO), or remove folders of apps that are gone.`
  }
}
