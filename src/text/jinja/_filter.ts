import type { Meter } from "./_meter.ts";
import type { CallArguments, Value } from "./_values.ts";

/** What filters may use. */
export interface FilterContext {
  readonly meter: Meter;
  /** Calls a filter by name: for `map`. */
  filter(name: string, value: Value, args: CallArguments): Value;
  /** Calls a test by name: for `select`. */
  test(name: string, value: Value, args: CallArguments): boolean;
  /** An item or attribute by a path such as `a.b.0`; `otherwise` stands for each step that is not there. */
  path(value: Value, path: Value, otherwise?: Value): Value;
}

/** A filter. */
export type FilterFunction = (value: Value, args: CallArguments, context: FilterContext) => Value;
