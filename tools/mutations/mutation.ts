/** A change of one place, and the tests that have to notice. */
export interface Mutation {
  readonly file: string;
  /** Text that stands once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files or folders. */
  readonly tests: readonly string[];
}

/** Changes of one file, each found by the same tests. */
export function changes(
  file: string,
  tests: readonly string[],
  texts: readonly (readonly [find: string, replace: string])[],
): Mutation[] {
  return texts.map(([find, replace]) => ({ file, find, replace, tests }));
}
