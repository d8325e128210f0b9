/**
 * The handler of `src/serve/embeddings_api.ts` with an embedder that only takes time, for the
 * tests of the soak itself.
 *
 *     deno run --allow-net test/soak/stub.ts PORT [FAULT]
 *
 * With a fault it does what a soak must find: `wrong` gives every hundredth text the row of another,
 * `lenient` takes one text too many, `silent` lets every hundredth request wait, `crash` ends after 200.
 */
import { embeddingsHandler } from "../../src/serve/embeddings_api.ts";
import { FewbitError } from "../../src/errors.ts";
import type { Embedder } from "../../src/serve/embeddings_api.ts";

/** Numbers of a row. */
const SIZE = 64;

const [port, fault] = Deno.args;
let texts = 0;
let requests = 0;

const embedder: Embedder = {
  vocabularySize: 1000,
  dimension: SIZE,
  isFramed: (ids) => ids[0] === 101 && ids.at(-1) === 102,
  embed: async (inputs, { maxTotalTokens }) => {
    if (inputs.reduce((sum, { length }) => sum + length, 0) > 2 * maxTotalTokens) {
      throw new FewbitError("limit_exceeded", "Cannot embed: too many tokens");
    }
    // In a later turn of the event loop, so that requests overlap as they do with a model.
    await new Promise((resolve) => setTimeout(resolve));
    return {
      rows: inputs.map((input) => rowOf(fault === "wrong" && ++texts % 100 === 0 ? "?" : input)),
      tokens: inputs.map((input) => input.length),
    };
  },
};

const handler = embeddingsHandler(() => Promise.resolve(embedder), {
  model: "stub",
  ...fault === "lenient" && { maxInputs: 2049 },
});

Deno.serve({ port: Number(port), hostname: "127.0.0.1", onListen: () => {} }, (request) => {
  requests++;
  if (fault === "crash" && requests > 200) Deno.exit(3);
  if (fault === "silent" && requests % 100 === 0) return new Promise(() => {});
  return handler(request);
});

/** Numbers that depend on all of the input (Knuth's multiplicative hash). */
function rowOf(input: string | readonly number[]): Float32Array {
  let hash = 0;
  for (const char of String(input)) hash = Math.imul(hash ^ char.codePointAt(0)!, 2654435761);
  return Float32Array.from({ length: SIZE }, (_, i) => Math.sin(hash * (i + 1)));
}
