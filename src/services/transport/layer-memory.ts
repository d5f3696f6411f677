import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import type { Target } from "../../domain/target.ts"
import { answerLine, type Handler } from "../management/management.ts"
import { Transport } from "./transport.ts"

/** Handlers in the place of servers, by the names of their targets, of whatever kind. Other targets cannot be reached. */
export const layerMemory = (servers: ReadonlyMap<Target["name"], Handler>): Layer.Layer<Transport> =>
  Layer.succeed(Transport, {
    connect: ({ name }) => {
      const handler = servers.get(name)
      if (handler === undefined) {
        return new ServerUnreachable({ server: name, stage: "connect", reason: "ECONNREFUSED" })
      }
      return Effect.succeed({
        exchange: (line, within) =>
          answerLine(handler, Buffer.from(Redacted.value(line).replace(/\n$/, ""))).pipe(
            Effect.map((answer) => Buffer.from(answer.slice(0, -1))),
            Effect.timeoutFail({
              duration: within,
              onTimeout: () => new ServerUnreachable({ server: name, stage: "reply", reason: "timeout" })
            })
          )
      })
    }
  })
