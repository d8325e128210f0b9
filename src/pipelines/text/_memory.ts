/** What a network keeps of a text, and so how far a conversation can go back. */
import type { Instance } from "../../engines/engine.ts";
import { evaluateExpressions } from "../../program/expression.ts";

/**
 * `rows`: a row of keys and values for each token. `ring`: those of the last tokens. `recurrent`: a state that
 * every token changes.
 */
export type Memory =
  | { readonly kind: "rows" | "recurrent" }
  | {
    readonly kind: "ring";
    /** Rows that there are, those of the last tokens. */
    readonly rows: number;
    /** Tokens that a token sees, itself included. */
    readonly window: number;
  };

/** The memory of a loaded language model. */
export function memoryOf({ program, symbols }: Instance): Memory {
  if (symbols.context !== undefined) return { kind: "rows" };
  const cache = program.tensors.find(({ name, region, extents }) =>
    region === "state" && extents.length === 3 && name.endsWith(".keys")
  );
  if (cache === undefined) return { kind: "recurrent" };
  const values = program.symbols.map(({ name, default: otherwise }) => symbols[name] ?? otherwise);
  const rows = evaluateExpressions(program, values)[cache.extents[1]];
  // What a run appends must not overwrite what its first token sees.
  return { kind: "ring", rows, window: rows - symbols.max_tokens + 1 };
}
