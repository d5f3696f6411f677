import * as Effect from "effect/Effect"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import type { UpdateReply } from "../../domain/protocol/replies.ts"
import type { Server } from "../client/client.ts"
import { type Checked, misbehaved, requestOf } from "./check.ts"
import type { Delivered, Delivery, Listener } from "./delivery.ts"
import { watchRollout } from "./watch-rollout.ts"

/** Sends the secrets and waits until they are what the app has, telling meanwhile how far its instances are. */
export const send = (
  server: Server,
  delivery: Delivery,
  checked: Checked,
  by: string | undefined,
  { tell }: Listener
) =>
  Effect.gen(function* () {
    const { parcel, target } = delivery
    yield* tell(delivery, { _tag: "Sending" })
    const request = { ...requestOf(parcel, checked), ...(by === undefined ? {} : { by }) }
    const sending = Effect.catchTag(server.call(request), "ServerUnreachable", (error) =>
      Effect.fail(explained(error))
    )
    const watching = watchRollout(target, parcel.app, checked.revision, (stage) => tell(delivery, stage))
    const reply = yield* Effect.raceFirst(sending, watching)
    const delivered = deliveredOf(reply)
    const isNew = delivered?.state === "unchanged" || reply.revision > checked.revision
    if (reply.app !== parcel.app || delivered === undefined || !isNew) return yield* misbehaved(server)
    return delivered
  })

/** Whether the server did it nobody knows from here; asking again tells. */
const explained = ({ server, stage, reason, hint }: ServerUnreachable): ServerUnreachable =>
  stage === "request" || stage === "reply"
    ? new ServerUnreachable({
        server,
        stage,
        reason,
        hint: "It may go on there without us. The same command tells, and sends what is missing."
      })
    : new ServerUnreachable({ server, stage, reason, ...(hint === undefined ? {} : { hint }) })

const deliveredOf = ({
  status,
  revision,
  instances,
  added,
  changed,
  removed
}: UpdateReply): Delivered | undefined =>
  status === "would_update" ? undefined : { state: status, revision, instances, added, changed, removed }
