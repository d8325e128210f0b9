/** Windows of ids that `fewbit quantize` is given: what no model has is refused, lengths may differ. */
import assert from "node:assert/strict";
import { chooseWindows } from "../../src/cli/_text_windows.ts";
import { quantizeTextFile } from "../../src/cli/_quantize_text.ts";
import { inTinyFolder } from "./_tiny_llama2c.ts";

Deno.test("cli: ids that the model has no piece for are refused before anything is calibrated", async () => {
  await inTinyFolder(async (folder, given) => {
    // 2³² + 5 would be 5 where ids have 32 bits.
    for (const id of [40, 2 ** 32 + 5]) {
      const text = JSON.stringify([[3, 4, 5], [3, id, 4]]);
      await Deno.writeTextFile(given.calibration!, text);
      await assert.rejects(quantizeTextFile(given), {
        code: "invalid_argument",
        message: new RegExp(
          `windows\\.json: .*windows\\[1\\] has the id ${id}, the model 40 pieces`,
        ),
      });
    }
    assert.deepEqual([...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory), []);
  });
});

Deno.test("cli: windows that a prefix leaves less than two ids of are left out", () => {
  const wanted = { windows: 8, check: 1 };
  const all = [[1, 7], [1, 7, 8], [1, 1], [9, 5], [1, 2, 3, 4], [6, 6, 6]];
  const { calibration, validation, check } = chooseWindows(all, [1], wanted);
  assert.deepEqual([...calibration, ...validation, ...check], [
    [7, 8],
    [9, 5],
    [2, 3, 4],
    [6, 6, 6],
  ]);
  assert.throws(() => chooseWindows([[1, 7], [1, 1]], [1], wanted), {
    code: "invalid_argument",
    message: /no whole window/,
  });
});

Deno.test("cli: where windows have several lengths, what validates is learned by, too", async () => {
  await inTinyFolder(async (folder, given) => {
    // Two of those that calibrate have 20 ids, all others 5.
    const windows: number[][] = JSON.parse(await Deno.readTextFile(given.calibration!));
    const short = windows.map((ids, i) => i < 4 && i % 2 === 0 ? ids : ids.slice(0, 5));
    await Deno.writeTextFile(given.calibration!, JSON.stringify(short));
    const stages = ["closed-form", "end-to-end"] as const;
    const ended = await Promise.allSettled([quantizeTextFile({ ...given, stages })]);
    assert.deepEqual(ended.map(({ status }) => status), ["fulfilled"]);
    assert.equal(await Deno.stat(`${folder}/model.fewbit.partial`).catch(() => "gone"), "gone");
  });
});
