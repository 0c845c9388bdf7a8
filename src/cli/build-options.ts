/** What `build` can be asked for; each target uses some of it. */
export interface BuildOptions {
  readonly out?: string | undefined;
  readonly zone?: string | undefined;
  readonly jurisdiction?: string | undefined;
  readonly name?: string | undefined;
  readonly data?: string | undefined;
  readonly force?: boolean | undefined;
  readonly listen?: string | undefined;
  readonly admin?: string | undefined;
}
