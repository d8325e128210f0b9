/**
 * `deno task fuzz`: damaged programs, checkpoints, pictures and saved files through all readers and engines.
 *
 *     deno run -A test/fuzz/main.ts --count 100000 --seed 1 [--first 0] [--kind program]
 *
 * With a kind all mutants are of it. A failure names its mutant: `--seed S --first I --count 1` makes it again.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { campaign } from "./_campaign.ts";
import type { Summary } from "./_campaign.ts";
import { fuzzKinds } from "./_kinds.ts";
import { watchShippedModel } from "./_watch.ts";

/** Failures that are shown in full. */
const SHOWN = 10;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
    kind: { type: "string" },
  },
});
const [count, seed, first] = [values.count, values.seed, values.first].map(Number);
const kinds = await fuzzKinds();
const start = performance.now();
const summary = await campaign(kinds, {
  count,
  seed,
  first,
  ...(values.kind !== undefined && { kind: values.kind }),
  watch: await watchShippedModel(),
  onProgress: (done, failures) => {
    const seconds = (performance.now() - start) / 1000;
    console.error(`${done} of ${count}, ${seconds.toFixed(0)} s, ${failures} failures`);
  },
});
print(summary);
if (summary.failures.length > 0) Deno.exit(1);

function print({ outcomes, failures, slowestMs }: Summary): void {
  for (const [kind, counts] of outcomes) {
    const total = [...counts.values()].reduce((a, b) => a + b, 0);
    if (total === 0) continue;
    console.log(`${kind}: ${total} mutants, slowest ${slowestMs.get(kind)!.toFixed(0)} ms`);
    for (const [outcome, n] of [...counts].sort((a, b) => b[1] - a[1])) {
      console.log(`${String(n).padStart(8)}  ${outcome}`);
    }
  }
  console.log(`${failures.length} failures`);
  for (const { kind, index, error } of failures.slice(0, SHOWN)) {
    const again = values.kind === undefined ? "" : ` --kind ${JSON.stringify(values.kind)}`;
    console.log(`\n${kind} ${index} (--seed ${seed} --first ${index} --count 1${again})`);
    console.log(error instanceof assert.AssertionError ? error.message : error);
  }
}
