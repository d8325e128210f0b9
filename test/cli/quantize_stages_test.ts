/** `fewbit quantize --stages closed-form,end-to-end`: learned, stopped and gone on with, left out where it does not help. */
import assert from "node:assert/strict";
import { budgetOf, stagesOf } from "../../src/cli/_learn_stage.ts";
import { quantizeTextFile } from "../../src/cli/_quantize_text.ts";
import { readDecoderParams } from "../../src/quantize/decoder_params.ts";
import { inTinyFolder, stopAfter } from "./_tiny_llama2c.ts";

Deno.test("cli: stages and budgets are read, others refused", () => {
  const whole = ["closed-form", "end-to-end"];
  const of = (method: "closed-form" | "rtn", sites: "default" | "paper" = "default") => ({
    method,
    sites,
  });
  assert.deepEqual(stagesOf("closed-form", of("closed-form")), ["closed-form"]);
  assert.deepEqual(stagesOf("closed-form,end-to-end", of("rtn")), whole);
  assert.deepEqual(stagesOf(undefined, of("closed-form")), whole);
  // A baseline is what it is.
  assert.deepEqual(stagesOf(undefined, of("rtn")), ["closed-form"]);
  assert.deepEqual(stagesOf(undefined, of("closed-form", "paper")), ["closed-form"]);
  assert.throws(() => stagesOf("closed-form,end-to-end", of("rtn", "paper")), {
    code: "invalid_argument",
    message: /--sites paper/,
  });
  for (
    const text of ["", "end-to-end", "closed-form,", "end-to-end,closed-form", "closed-form,x"]
  ) {
    assert.throws(() => stagesOf(text, of("closed-form")), {
      code: "invalid_argument",
      message: /--stages/,
    });
  }
  assert.deepEqual(["90s", "1.5m", "2h"].map(budgetOf), [90e3, 90e3, 7200e3]);
  for (const text of ["", "30", "m", "-1m", "0s", "3d"]) {
    assert.throws(() => budgetOf(text), { code: "invalid_argument", message: /--budget/ });
  }
});

Deno.test("cli: learning is kept where it helps, and goes on to the same bytes", async () => {
  await inTinyFolder(async (folder, tiny) => {
    const given = { ...tiny, bits: "w4a8", stages: ["closed-form", "end-to-end"] } as const;
    const closed = `${folder}/closed.fewbit`;
    await quantizeTextFile({ ...given, stages: ["closed-form"], output: closed });
    await quantizeTextFile(given);
    const whole = await Deno.readFile(given.output);
    assert.notDeepEqual(whole, await Deno.readFile(closed));
    const params = await Deno.readTextFile(given.params!);
    const { grids } = readDecoderParams(params);
    assert.equal(grids.rowFactors?.size, 3 * 7);
    assert.equal(grids.gains?.size, 3 * 2 + 1);
    const output = `${folder}/again.fewbit`;
    const state = `${output}.partial/learned.json`;
    let [stops, damaged] = [0, 0];
    for (let count = 60;; count += 30) {
      const signal = stopAfter(count);
      const stopped = await quantizeTextFile({ ...given, output, signal })
        .then(() => false, (error) => {
          assert.equal(error.message, "stopped");
          return true;
        });
      if (!stopped) break;
      stops++;
      const kept = await Deno.readTextFile(state).catch(() => undefined);
      if (kept === undefined) continue;
      damaged++;
      await Deno.writeTextFile(state, kept.slice(1));
      await assert.rejects(quantizeTextFile({ ...given, output }), {
        code: "invalid_file",
        message: /partial\/learned\.json: .*; remove the folder /,
      });
      await Deno.writeTextFile(state, kept);
    }
    assert.ok(stops > 1 && damaged > 0, `${stops}, ${damaged}`);
    assert.deepEqual(await Deno.readFile(output), whole);
    assert.equal(await Deno.readTextFile(given.params!), params);
    // The parameters alone give the same file.
    await quantizeTextFile({ ...given, output, calibration: undefined });
    assert.deepEqual(await Deno.readFile(output), whole);
  }, 70);
});

Deno.test("cli: a budget without time for a step leaves everything as it is", async () => {
  await inTinyFolder(async (folder, tiny) => {
    const closed = `${folder}/closed.fewbit`;
    await quantizeTextFile({ ...tiny, output: closed });
    const stages = ["closed-form", "end-to-end"] as const;
    await quantizeTextFile({ ...tiny, stages, budgetMs: 1e-3 });
    assert.deepEqual(await Deno.readFile(tiny.output), await Deno.readFile(closed));
  });
});
