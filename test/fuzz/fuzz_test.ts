/** A sample of `deno task fuzz`, and what damage of one bit does. */
import assert from "node:assert/strict";
import { HEADER_BYTES, SECTION_WORDS } from "../../src/program/format.ts";
import { VERDICTS } from "../../src/program/verdict.ts";
import { files } from "../program/_build.ts";
import { verdictOfTypeScript, verdictOfWasm } from "../program/_verdict.ts";
import { campaign } from "./_campaign.ts";
import { fuzzKinds } from "./_kinds.ts";
import { watchShippedModel } from "./_watch.ts";

Deno.test("damaged programs, checkpoints and pictures are refused or give good results", async () => {
  const { outcomes, failures } = await campaign(await fuzzKinds(), {
    seed: 20261124,
    count: 3000,
    watch: await watchShippedModel(),
  });
  assert.deepEqual(failures.map(({ kind, index, error }) => `${kind} ${index}: ${error}`), []);
  for (const [kind, counts] of outcomes) {
    assert.ok(counts.size > 1, `${kind}: only ${[...counts.keys()]}`);
  }
});

Deno.test("no bit of a file may change, but for padding", async () => {
  for (const [name, file] of Object.entries(await files())) {
    const covered = coveredBytes(file);
    for (let at = 0; at < file.length; at++) {
      const damaged = file.slice();
      damaged[at] ^= 1 << at % 8;
      const { verdict } = verdictOfTypeScript(damaged);
      assert.equal(verdictOfWasm(damaged, {}, () => {}), verdict, `${name}, byte ${at}`);
      assert.equal(verdict !== VERDICTS.ok, covered[at], `${name}, byte ${at}`);
    }
  }
});

/** All bytes but the padding between sections. */
function coveredBytes(file: Uint8Array): boolean[] {
  const view = new DataView(file.buffer);
  const headBytes = view.getUint32(8, true);
  const count = view.getUint32(20, true);
  const covered = Array.from(file, (_, i) => i >= headBytes);
  covered.fill(true, 0, HEADER_BYTES + count * SECTION_WORDS * 4);
  for (let i = 0; i < count; i++) {
    const record = HEADER_BYTES + i * SECTION_WORDS * 4;
    const offset = view.getUint32(record + 8, true);
    covered.fill(true, offset, offset + view.getUint32(record + 12, true));
  }
  return covered;
}
