/** `fewbit quantize` of a language model: stopped and gone on with, baselines, windows in a file of their own. */
import assert from "node:assert/strict";
import { METHODS, rotationsOf, shrinkingsOf } from "../../src/cli/_choose_parameters.ts";
import { measured, quantizeTextFile } from "../../src/cli/_quantize_text.ts";
import type { QuantizeTextArguments } from "../../src/cli/_quantize_text.ts";
import { readDecoderParams } from "../../src/quantize/decoder_params.ts";
import type { DecoderParams } from "../../src/quantize/decoder_params.ts";
import type { LanguageBits } from "../../src/quantize/shifted_weights.ts";
import { DIM, inTinyFolder, LAYERS, stopAfter } from "./_tiny_llama2c.ts";

const exists = (path: string): Promise<boolean> => Deno.stat(path).then(() => true, () => false);

Deno.test("cli: wherever a run is stopped, the next one ends with the same bytes", async () => {
  await inTinyFolder(async (folder, given) => {
    await quantizeTextFile(given);
    const whole = await Deno.readFile(given.output);
    const params = await Deno.readFile(given.params!);
    assert.equal(await exists(`${given.output}.partial`), false);
    const output = `${folder}/again.fewbit`;
    let stops = 0;
    // Each run gets further than the one before, from where that was stopped.
    for (let count = 5;; count += 8) {
      const signal = stopAfter(count);
      const stopped = await quantizeTextFile({ ...given, output, check: 2, signal })
        .then(() => false, (error) => {
          assert.equal(error.message, "stopped");
          return true;
        });
      if (!stopped) break;
      stops++;
      // While the result is measured the file is there, and whole.
      if (await exists(output)) assert.deepEqual(await Deno.readFile(output), whole);
    }
    assert.ok(stops > 3, `${stops}`);
    assert.deepEqual(await Deno.readFile(output), whole);
    assert.deepEqual(await Deno.readFile(given.params!), params);
    assert.equal(await exists(`${output}.partial`), false);

    // Rounded once more from the parameters, whose windows lie in a file beside them.
    const { windows, ...rest } = JSON.parse(new TextDecoder().decode(params));
    await Deno.writeTextFile(`${folder}/text-of-others.json`, JSON.stringify(windows));
    const moved = { ...rest, windows_file: "text-of-others.json" };
    await Deno.writeTextFile(given.params!, JSON.stringify(moved));
    await quantizeTextFile({ ...given, output, calibration: undefined });
    assert.deepEqual(await Deno.readFile(output), whole);
    for (const name of ["../windows.json", "", 3]) {
      await Deno.writeTextFile(given.params!, JSON.stringify({ ...moved, windows_file: name }));
      await assert.rejects(quantizeTextFile({ ...given, output, calibration: undefined }), {
        code: "invalid_file",
        message: /windows_file/,
      });
    }
  });
});

Deno.test("cli: work for something else is not gone on with, a folder of somebody else is left", async () => {
  await inTinyFolder(async (folder, given) => {
    for (let count = 20; !await exists(`${given.output}.partial/params.json`); count += 10) {
      const stopped = { ...given, signal: stopAfter(count) };
      await assert.rejects(quantizeTextFile(stopped), { message: "stopped" });
    }
    const kept = await Deno.readTextFile(`${given.output}.partial/params.json`);
    await Deno.writeTextFile(`${given.output}.partial/params.json`, kept.slice(1));
    await assert.rejects(quantizeTextFile(given), {
      code: "invalid_file",
      message: /partial\/params\.json: .*; remove the folder .*\.partial to begin again/,
    });
    const other = { ...given, bits: "w4a8" } as const;
    await quantizeTextFile(other);
    const after = await Deno.readFile(given.output);
    await quantizeTextFile({ ...other, output: `${folder}/fresh.fewbit` });
    const fresh = await Deno.readFile(`${folder}/fresh.fewbit`);
    assert.ok(after.length === fresh.length && after.every((byte, i) => byte === fresh[i]));
    await Deno.mkdir(`${given.output}.partial`);
    await Deno.writeTextFile(`${given.output}.partial/diary.txt`, "dear");
    await assert.rejects(quantizeTextFile(given), {
      code: "invalid_argument",
      message: /nothing that fewbit wrote/,
    });
    assert.equal(await Deno.readTextFile(`${given.output}.partial/diary.txt`), "dear");
  });
});

Deno.test("cli: baselines are made, and are other models", async () => {
  await inTinyFolder(async (folder, given) => {
    const files = new Map<string, Uint8Array>();
    for (const method of METHODS) {
      const output = `${folder}/${method}.fewbit`;
      await quantizeTextFile({ ...given, method, output });
      files.set(method, await Deno.readFile(output));
      // From the parameters alone it is the same one, whatever the method is called.
      await quantizeTextFile({ ...given, output, calibration: undefined });
      assert.deepEqual(await Deno.readFile(output), files.get(method));
    }
    const sums = new Set([...files.values()].map((bytes) => bytes.join()));
    assert.equal(sums.size, METHODS.length);
  });
});

Deno.test("cli: 4 bits a row are made of the network as it is, with few channels shrunk", async () => {
  await inTinyFolder(async (_, given) => {
    const made = async (changed: Partial<QuantizeTextArguments>): Promise<DecoderParams> => {
      await quantizeTextFile({ ...given, bits: "w4a8", rotate: "auto", ...changed });
      return readDecoderParams(await Deno.readTextFile(given.params!));
    };
    const { grids, windows, ranges } = await made({});
    assert.equal(grids.rotation, undefined);
    assert.equal(windows.length, given.windows);
    assert.equal(ranges?.size, 7 * LAYERS);
    for (let layer = 0; layer < LAYERS; layer++) {
      for (const site of ["norm1", "norm2"]) {
        assert.equal(grids.grids.get(`layers.${layer}.${site}`)!.divisors, undefined);
      }
      // The quantile .98 of 12 is between the two largest.
      const { divisors } = grids.grids.get(`layers.${layer}.down`)!;
      assert.equal(divisors!.filter((divisor) => divisor > 1).length, 1);
    }
    const validating = { calibration: [[1]], validation: [[1]], check: [], others: [] };
    const of = (bits: LanguageBits) =>
      ({ method: "closed-form", bits, windows: validating, sites: "default" }) as const;
    assert.deepEqual(rotationsOf(of("w4a8"), "auto", DIM), [false]);
    assert.deepEqual(rotationsOf(of("w4a8g32"), "auto", DIM), [false, true]);
    assert.deepEqual(shrinkingsOf(of("w4a8")), [{ quantile: 0.98, power: 1 }]);
    assert.ok(shrinkingsOf(of("w8a8")).length > 1);
    const rotated = await made({ rotate: "yes", output: `${given.output}.rotated` });
    assert.notEqual(rotated.grids.rotation, undefined);
  });
});

Deno.test("cli: a model that is better than float32 has less, not minus more", () => {
  const [divergence, tokens] = [0.1, 10];
  assert.match(measured({ loss: 1, floatLoss: 1.01, divergence, tokens }), /\(1\.00 % less\)/);
  assert.match(measured({ loss: 1.01, floatLoss: 1, divergence, tokens }), /\(1\.01 % more\)/);
});
