/** A change of one place, and the tests that have to notice. */
export interface Mutation {
  readonly file: string;
  /** Text that stands once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files or folders. */
  readonly tests: readonly string[];
}
