/**
 * tako inside another program: the Tags and errors by their names, the programs composed of the Tags, and the real layers,
 * one for each Tag and some that put them together. The layers for tests are in `tako/testing`. The peer is `effect`.
 */

export * as Names from "../../domain/names.ts"
export type { CustomTarget, LocalTarget, SshTarget, Target } from "../../domain/target.ts"
export type { Connector, Connectors, Wire } from "../../services/transport/transport.ts"
/** Makes the connection of a connector of your own, over any stream that leads to a server's socket. */
export { wireOver } from "../../services/transport/wire.ts"
export * from "./errors.ts"
export * as Layers from "./layers.ts"
export * as Programs from "./programs.ts"
export * from "./tags.ts"
