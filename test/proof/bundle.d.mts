/** A change of one source file of ours, from the root of the project. */
export interface Replacement {
  readonly file: string
  readonly from: string
  readonly to: string
}
export declare const bundleProof: (folder: string, replacements?: ReadonlyArray<Replacement>) => Promise<void>
export declare const buildMutant: (folder: string, replacements: ReadonlyArray<Replacement>) => Promise<void>
