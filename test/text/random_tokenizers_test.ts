/**
 * Random tokenizer.json files against the Rust tokenizers: test/vectors/make_random_tokenizers.py.
 * `FEWBIT_RANDOM_TOKENIZERS` names another file of it, for campaigns.
 */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";

interface Case {
  readonly text: string;
  readonly pair?: string;
  readonly ids?: readonly number[];
  readonly decoded?: string;
  readonly error?: string;
}

interface Line {
  // deno-lint-ignore no-explicit-any
  readonly tokenizer: any;
  readonly cases?: readonly Case[];
  readonly error?: string;
}

const FILE = Deno.env.get("FEWBIT_RANDOM_TOKENIZERS") ??
  new URL("../vectors/text/random_tokenizers.jsonl.gz", import.meta.url);

async function readLines(): Promise<Line[]> {
  const bytes = await Deno.readFile(FILE);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).text()).split("\n").map((line) => JSON.parse(line));
}

const lines = await readLines();
const count = lines.reduce((sum, { cases = [] }) => sum + cases.length, 0);

/** What is refused though Rust reads it. */
const REFUSED = /once it is normalized$|a pattern that may match nothing$/;

Deno.test(`${lines.length} random tokenizers give the ids of the Rust tokenizers for ${count} texts, or are refused`, () => {
  let refused = 0;
  for (const { tokenizer: json, cases = [], error } of lines) {
    const shown = JSON.stringify({ ...json, model: { ...json.model, vocab: 0, merges: 0 } });
    let tokenizer: Tokenizer;
    try {
      tokenizer = Tokenizer.fromJson(json);
    } catch (thrown) {
      assert.ok(thrown instanceof FewbitError);
      if (error !== undefined) continue;
      assert.match(thrown.message, REFUSED, shown);
      refused++;
      continue;
    }
    assert.equal(error, undefined, shown);
    for (const { text, pair, ids, decoded } of cases) {
      const what = `${JSON.stringify({ text, pair })}: ${shown}`;
      if (ids === undefined) {
        assert.throws(() => tokenizer.encode(text, { pair }), FewbitError, what);
        continue;
      }
      assert.deepEqual([...tokenizer.encode(text, { pair }).ids], ids, what);
      if (decoded !== undefined) assert.equal(tokenizer.decode(ids), decoded, what);
    }
  }
  assert.ok(refused < lines.length / 20, `${refused} of ${lines.length} were refused`);
});
