type Defined<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Drops the undefined members of an object, for optional ones under `exactOptionalPropertyTypes`. */
export const omitUndefined = <const T extends object>(
  members: T
): { readonly [K in keyof Defined<T>]: Defined<T>[K] } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>
