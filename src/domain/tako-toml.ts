/** What tako.toml says. */
export interface TakoToml {
  readonly name: string
}
