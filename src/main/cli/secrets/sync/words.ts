import type { Delivered, Delivery, Stage } from "../../../../programs/sync/delivery.ts"

export const sayStage = (stage: Stage): string => {
  switch (stage._tag) {
    case "Waiting":
      return "wait"
    case "Connecting":
      return "connect"
    case "Checking":
      return "check"
    case "Sending":
      return "send"
    case "Rolling":
      return `roll ${stage.ready}/${stage.instances}`
    case "Draining":
      return "drain"
  }
}

export const sayDelivered: { readonly [S in Delivered["state"]]: string } = {
  updated: "synced",
  unproven: "synced, not running",
  unchanged: "up to date",
  planned: "would change"
}

/** In seconds: "4.2 s". */
export const saySeconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

/** "production" is told only where there are several. */
export const sayPlace = (
  { parcel, target }: Delivery,
  severalEnvironments: boolean
): ReadonlyArray<string> => (severalEnvironments ? [target.name, parcel.environment] : [target.name])

/** "- OLD, ~ OTHER, + NEW"; no more of them than a line has room for. */
export const sayChanges = (
  { added, changed, removed }: Pick<Delivered, "added" | "changed" | "removed">,
  most = 6
): string => {
  const all = [
    ...removed.map((name) => `- ${name}`),
    ...changed.map((name) => `~ ${name}`),
    ...added.map((name) => `+ ${name}`)
  ]
  const shown = all.slice(0, most).join(", ")
  return all.length > most ? `${shown} and ${all.length - most} more` : shown
}

/** "la, fra, syd and 12 more". */
export const sayNames = (names: ReadonlyArray<string>, most = 3): string =>
  names.length <= most + 1
    ? names.join(", ")
    : `${names.slice(0, most).join(", ")} and ${names.length - most} more`
