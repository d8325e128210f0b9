/** `fewbit quantize --params` with parameters that are not those of the model. */
import assert from "node:assert/strict";
import { newProgram } from "../../src/cli/_program.ts";
import quantizeCommand from "../../src/cli/quantize.ts";
import { quantizeTextFile } from "../../src/cli/_quantize_text.ts";
import type { QuantizeTextArguments } from "../../src/cli/_quantize_text.ts";
import { downBitsOf } from "../../src/cli/_choose_parameters.ts";
import { readDecoderParams } from "../../src/quantize/decoder_params.ts";
import { DIM, inTinyFolder } from "./_tiny_llama2c.ts";
import { writeTinyLlama } from "./_tiny_llama.ts";

interface Params {
  grids: Record<string, { scales_f32_bits: number[]; zeros: number[] }>;
  prefix: { ids: number[]; rows: Record<string, number[]>; logits_q12: number[] };
  windows: number[][];
  rotation?: { signs: number[] };
  row_biases?: Record<string, number[]>;
  range_factors_u4_base64?: Record<string, string>;
}

Deno.test("cli: parameters of another model make none, whichever list has another length", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeTinyLlama(`${folder}/tiny.bin`, `${folder}/pieces`);
    const windows = Array.from(
      { length: 6 },
      (_, i) => Array.from({ length: 20 }, (_, j) => 3 + (i * 37 + j * 11) % 250),
    );
    await Deno.writeTextFile(`${folder}/windows.json`, JSON.stringify(windows));
    const given: QuantizeTextArguments = {
      model: `${folder}/tiny.bin`,
      output: `${folder}/model.fewbit`,
      bits: "w8a8",
      method: "closed-form",
      calibration: `${folder}/windows.json`,
      params: `${folder}/params.json`,
      prefix: undefined,
      windows: 5,
      length: 24,
      check: 0,
      rotate: "no",
      vocabulary: `${folder}/pieces`,
      json: false,
      signal: new AbortController().signal,
    };
    await quantizeTextFile(given);
    const good = await Deno.readFile(given.output);
    const known: Params = JSON.parse(await Deno.readTextFile(given.params!));
    const again = async (change: (params: Params) => void): Promise<void> => {
      const params = structuredClone(known);
      change(params);
      await Deno.writeTextFile(`${folder}/other.json`, JSON.stringify(params));
      await quantizeTextFile({
        ...given,
        calibration: undefined,
        params: `${folder}/other.json`,
      });
    };
    const refuse = (
      change: (params: Params) => void,
      message: RegExp,
      code = "invalid_argument",
    ): Promise<void> => assert.rejects(again(change), { code, message });
    for (const site of Object.keys(known.grids)) {
      const ofSite = new RegExp(`of ${site}`);
      await refuse(({ grids }) => grids[site].scales_f32_bits.pop(), ofSite);
      await refuse(({ grids }) => grids[site].scales_f32_bits.push(1 << 29), ofSite);
      await refuse(({ grids }) => grids[site].zeros.pop(), ofSite);
    }
    await refuse(({ prefix }) => prefix.ids = [261], /the id 261/);
    await refuse(({ prefix }) => prefix.ids = Array(32).fill(1), /the prefix has 32 ids/);
    await refuse(({ prefix }) => prefix.ids = [1, 1], /codes of the prefix/);
    await refuse(({ prefix }) => prefix.rows = {}, /codes of the prefix of layers.0.k/);
    await refuse(({ prefix }) => prefix.rows["layers.0.v"].pop(), /the prefix of layers.0.v/);
    await refuse(({ prefix }) => prefix.logits_q12.pop(), /260 logits/);
    await refuse((params) => params.rotation = { signs: [1, -1] }, /2 signs/);
    for (const name of ["layers.1.mlp.up_proj", "model.layers.0.mlp.up_proj", "toString"]) {
      await refuse((params) => params.row_biases = { [name]: [1] }, /no layer/);
    }
    await refuse(
      (params) => params.row_biases = { "layers.0.mlp.up_proj": [1] },
      /1 biases of layers.0.mlp.up_proj, the model 12 rows/,
      "shape_mismatch",
    );
    await refuse(({ windows }) => windows[1][3] = 261, /windows\[1\] has the id 261/);
    await refuse(({ windows }) => windows[0] = Array(32).fill(5), /windows\[0\] has 32 ids/);
    const scale = { scales_f32_bits: [1 << 29], zeros: [0] };
    for (const site of ["layers.0.silu", "layers.1.q_output", "layers.9.up", "toString"]) {
      await refuse(({ grids }) => grids[site] = scale, new RegExp(`no site "${site}"`));
    }
    await refuse(({ grids }) => grids["layers.0.q_output"] = scale, /have no "layers.0.k_output"/);
    await refuse(({ prefix }) => prefix.rows["layers.9.k"] = [0], /no prefix of "layers.9.k"/);
    await refuse(({ prefix }) => prefix.ids = [], /no prefix of "layers/);
    await refuse((params) => params.range_factors_u4_base64 = {}, /no range factors of "layers.0/);
    // Which file has what no integers reach.
    const far = ({ grids }: Params) => grids["layers.0.down"].scales_f32_bits = [0x7f000000];
    await assert.rejects(again(far), { message: /other\.json: / });
    await assert.rejects(quantizeTextFile({ ...given, prefix: "261" }), /--prefix has the id 261/);
    const { windows: _, ...apart } = JSON.parse(await Deno.readTextFile(given.params!));
    const beside = { ...apart, windows_file: "windows.json" };
    await Deno.writeTextFile(`${folder}/other.json`, JSON.stringify(beside));
    const over = { params: `${folder}/other.json`, output: `${folder}/windows.json` };
    await assert.rejects(quantizeTextFile({ ...given, calibration: undefined, ...over }), {
      message: /windows\.json, which is read/,
    });
    // Nothing was kept of these, and nothing is left; what was made before is still there, and is made again.
    assert.deepEqual([...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory), []);
    assert.deepEqual(await Deno.readFile(given.output), good);
    await again(() => {});
    assert.deepEqual(await Deno.readFile(given.output), good);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("cli: bits of down are those of the option or what pays, and parameters have their own", async () => {
  const of = (text: string | undefined, method: "closed-form" | "rtn", bits: "w8a8" | "w4a8") =>
    downBitsOf(text, { method, bits, sites: "default" });
  assert.equal(of(undefined, "closed-form", "w8a8"), 12);
  assert.equal(of(undefined, "closed-form", "w4a8"), 8);
  assert.equal(of(undefined, "rtn", "w8a8"), 8);
  assert.equal(of("12", "rtn", "w4a8"), 12);
  assert.equal(of("8", "closed-form", "w8a8"), 8);
  assert.throws(() => of("10", "rtn", "w8a8"), { code: "invalid_argument", message: /--down/ });
  await inTinyFolder(async (folder, tiny) => {
    const given = { ...tiny, bits: "w8a8" } as const;
    const bytes: number[] = [];
    for (const down of ["8", undefined]) {
      await quantizeTextFile({ ...given, down });
      const { grids } = readDecoderParams(await Deno.readTextFile(given.params!));
      bytes.push(grids.grids.get("layers.2.down")!.bits ?? 8);
    }
    assert.deepEqual(bytes, [8, 12]);
    const fine = await Deno.readFile(given.output);
    const output = `${folder}/again.fewbit`;
    // Compressed where the name says so, and the same.
    const packed = `${folder}/packed.json.gz`;
    await quantizeTextFile({ ...given, params: packed });
    assert.deepEqual([...(await Deno.readFile(packed)).subarray(0, 2)], [0x1f, 0x8b]);
    await quantizeTextFile({ ...given, params: packed, calibration: undefined, output });
    assert.deepEqual(await Deno.readFile(output), fine);
    await Deno.writeFile(packed, (await Deno.readFile(packed)).subarray(0, 400));
    await assert.rejects(
      quantizeTextFile({ ...given, params: packed, calibration: undefined, output }),
      { code: "invalid_file", message: /packed\.json\.gz: the compressed data is corrupt/ },
    );
    await quantizeTextFile({ ...given, calibration: undefined, output });
    assert.deepEqual(await Deno.readFile(output), fine);
  });
});

Deno.test("cli: parameters of weights of 4 bits make none of 8", async () => {
  await inTinyFolder(async (folder, given) => {
    await quantizeTextFile(given);
    const others = { ...given, calibration: undefined, output: `${folder}/others.fewbit` };
    await assert.rejects(quantizeTextFile({ ...others, bits: "w8a8" }), {
      code: "invalid_argument",
      message: /params\.json: .*w8a8: .*weights of 4 bits/,
    });
    await quantizeTextFile(others);
  });
});

Deno.test("cli: what was learned of weights of 8 bits makes none of 4", async () => {
  await inTinyFolder(async (_, given) => {
    const eight = { ...given, bits: "w8a8" } as const;
    await quantizeTextFile(eight);
    const file = JSON.parse(await Deno.readTextFile(given.params!));
    // Zeros: factors of 1.
    const none = btoa(String.fromCharCode(...new Uint8Array(2 * DIM)));
    await Deno.writeTextFile(
      given.params!,
      JSON.stringify({ ...file, gains_i16_base64: { "layers.0.norm1": none } }),
    );
    const others = { ...eight, calibration: undefined };
    await quantizeTextFile(others);
    await assert.rejects(quantizeTextFile({ ...others, bits: "w4a8" }), {
      code: "invalid_argument",
      message: /params\.json: .*w4a8: .*weights of 8 bits/,
    });
  });
});

Deno.test("cli: quantize writes over nothing it reads, and refuses before it works", async () => {
  await inTinyFolder(async (folder) => {
    const at = (name: string): string => `${folder}/${name}`;
    await Deno.mkdir(at("lora"));
    for (const name of ["lora/adapter_config.json", "given.json"]) {
      await Deno.writeTextFile(at(name), "{}");
    }
    const fails = async (args: readonly string[], message: RegExp): Promise<void> => {
      const program = newProgram("1");
      quantizeCommand(program.command("quantize"), new AbortController().signal);
      await assert.rejects(program.parseAsync(args, { from: "user" }), { message });
    };
    const model = ["quantize", at("tiny.bin"), "--tokenizer", at("pieces")];
    const calibrated = [...model, "--calibration", at("windows.json"), "-o", at("model.fewbit")];
    const before = [...Deno.readDirSync(folder)].length;
    for (
      const [params, says] of [
        ["tiny.bin", /a file of .*tiny\.bin, which is read/],
        ["windows.json", /a file of .*windows\.json, which is read; give another --params/],
        ["pieces", /a file of .*pieces, which is read/],
        ["model.fewbit", /Cannot write .*model\.fewbit twice/],
        ["lora/../model.fewbit", /Cannot write .*lora\/\.\.\/model\.fewbit twice/],
        ["none/p.json", /Cannot write .*p\.json/],
        ["lora", /it is a folder/],
      ] as const
    ) {
      await fails([...calibrated, "--params", at(params)], says);
    }
    // A vocabulary that is found beside the model is read, too.
    await Deno.copyFile(at("pieces"), at("tokenizer.bin"));
    const found = ["quantize", at("tiny.bin"), "--calibration", at("windows.json"), "-o"];
    await fails([...found, at("tokenizer.bin")], /tokenizer\.bin, which is read; give another/);
    await Deno.remove(at("tokenizer.bin"));
    const lora = ["--lora", at("lora")];
    const config = at("lora/adapter_config.json");
    await fails([...calibrated, ...lora, "--params", config], /a file of .*lora, which is read/);
    await fails([...model, ...lora, "-o", config], /a file of .*lora, which is read/);
    const read = [...model, "--params", at("given.json")];
    await fails([...read, "-o", at("given.json")], /given\.json, which is read/);
    await fails([...read, "-o", at("pieces")], /pieces, which is read/);
    // What parameters have behind them is not asked for again.
    for (const [option, value] of [["method", "rtn"], ["length", "24"], ["budget", "1m"]]) {
      const says = new RegExp(`Option --${option} does not go with --params$`);
      await fails([...read, "-o", at("x"), `--${option}`, value], says);
    }
    await fails([...calibrated, "--budget", "1m", "--method", "rtn"], /--stages closed-form, the/);
    for (const length of ["1", "2"]) {
      await fails([...calibrated, "--length", length], /\(--length\) has no room for 2 ids behind/);
    }
    for (const prefix of ["", "1,", "1,,2", "0x5", "1e1", " 2"]) {
      await fails([...calibrated, "--prefix", prefix], /--prefix is ".*", expected ids/);
    }
    const edge = ["--method", "smoothquant-edge", "--rotate", "yes"];
    await fails(
      [...calibrated, ...edge],
      /--rotate yes does not go with --method smoothquant-edge/,
    );
    // A folder has a vocabulary of its own.
    await Deno.writeTextFile(at("lora/config.json"), '{"model_type":"llama"}');
    const own = ["quantize", at("lora"), "--tokenizer", at("pieces"), "-o", at("x")];
    await fails(own, /Option --tokenizer does not go with .*lora, which has its own/);
    assert.equal([...Deno.readDirSync(folder)].length, before);
  });
});
