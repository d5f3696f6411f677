/**
 * tako inside another program: the Tags and errors by their names, the programs composed of the Tags, and the real layers,
 * one for each Tag and two that put them together. The layers for tests are in `tako/testing`. The peer is `effect`.
 */

export * as Names from "../../domain/names.ts"
export * from "./errors.ts"
export * as Layers from "./layers.ts"
export * as Programs from "./programs.ts"
export * from "./tags.ts"
