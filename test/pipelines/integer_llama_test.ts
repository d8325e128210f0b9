/** Small random Llamas in integers: every kind of weights, texts behind a prefix, files of parameters. */
import assert from "node:assert/strict";
import type { TextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  compareIntegerText,
  compileIntegerText,
  parametersOfRanges,
  roundIntegerText,
} from "../../src/compile/integer_text.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { quantizeLlama } from "../../src/quantize/mobile_quant.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { readDecoderParams, writeDecoderParams } from "../../src/quantize/decoder_params.ts";
import type { DecoderParams } from "../../src/quantize/decoder_params.ts";
import { readRounded, writeRounded } from "../../src/quantize/rounded_weights.ts";
import type { RoundedWeight } from "../../src/quantize/rounded_weights.ts";
import { LANGUAGE_BITS } from "../../src/quantize/shifted_weights.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { Random } from "../conformance/_random.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 61,
  depth: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  hidden: 70,
  width: 40,
  tied: false,
  context: 48,
} as const;
const CHECKPOINT: TextCheckpoint = {
  weights: lazyWeights(weightsOf(SIZES, 5)),
  config: configOf(SIZES),
};
const random = new Random(3);
const windowsOf = (count: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length: 30 }, () => random.integer(0, 60)));
const PARAMS = await parametersFor([1]);
const GREEDY = { temperature: 0, stopAtEnd: false, maxTokens: 12 } as const;
const PROMPT = [3, 1, 4, 1, 5, 9, 2, 6];

async function parametersFor(prefix: number[]): Promise<DecoderParams> {
  const windows = windowsOf(6);
  const ranges = await calibrateTextModel(CHECKPOINT, windows, { prefix });
  return parametersOfRanges(CHECKPOINT, ranges, windows);
}

async function answer(lm: TextGenerator, prompt: number[]): Promise<number[]> {
  const pieces = await Array.fromAsync(lm.generate(prompt, GREEDY));
  return pieces.flatMap(({ ids }) => ids);
}

for (const bits of LANGUAGE_BITS) {
  Deno.test(`integers of ${bits}: near float32, the same on every engine`, async () => {
    const program = compileIntegerText(CHECKPOINT, PARAMS, { bits });
    const { divergence, loss, floatLoss } = await compareIntegerText(
      CHECKPOINT,
      program,
      [1],
      windowsOf(3),
    );
    // Random weights have no outliers: 8 bits are close, 4 are not far.
    assert.ok(divergence > 0 && divergence < (bits === "w8a8" ? 0.01 : 0.3), `${divergence}`);
    assert.ok(Math.abs(loss - floatLoss) < 0.3);
    const file = await encodeProgram(program);
    let first: number[] | undefined;
    for (const { load } of ENGINES) {
      using lm = new TextGenerator(await load(file, { symbols: { max_rows: 8 } }));
      const ids = await answer(lm, PROMPT);
      assert.deepEqual(ids, first ??= ids);
    }
  });
}

Deno.test("a text begins behind the prefix, whether it has its ids or not", async () => {
  for (const prefix of [[1], [1, 7, 7]]) {
    const params = prefix.length === 1 ? PARAMS : await parametersFor(prefix);
    const file = await encodeProgram(compileIntegerText(CHECKPOINT, params, { bits: "w8a8" }));
    using lm = await TextGenerator.fromPretrained(file, { sessions: 2, chunkSize: 3 });
    const ids = await answer(lm, PROMPT);
    assert.deepEqual(await answer(lm, [...prefix, ...PROMPT]), ids);
    // What follows the prefix alone is in the file.
    const [begun] = await answer(lm, prefix);
    const { data } = await lm.logits([...prefix, ...PROMPT]);
    const at = (prefix.length - 1) * SIZES.vocabulary;
    const behind = (data as Float32Array).subarray(at, at + SIZES.vocabulary);
    assert.equal(begun, behind.indexOf(behind.reduce((a, b) => Math.max(a, b))));
    const bare = (await lm.logits(PROMPT)).data as Float32Array;
    assert.deepEqual(data.slice(-SIZES.vocabulary), bare.slice(-SIZES.vocabulary));

    const { program } = await compileTextModel(CHECKPOINT.weights, CHECKPOINT);
    using float = await TextGenerator.fromPretrained(await encodeProgram(program));
    const expected = (await float.logits([...prefix, ...PROMPT])).data as Float32Array;
    bare.forEach((logit, i) => {
      const difference = Math.abs(logit - expected[prefix.length * SIZES.vocabulary + i]);
      assert.ok(difference < 0.3, `logit ${i} differs by ${difference}`);
    });

    using session = lm.session();
    await session.append(PROMPT.slice(0, 5));
    assert.equal(session.length, prefix.length + 5);
    using other = await session.fork();
    for (const one of [session, other]) {
      const pieces = await Array.fromAsync(one.generate(PROMPT.slice(5), GREEDY));
      assert.deepEqual(pieces.flatMap(({ ids }) => ids), ids);
    }
  }
});

Deno.test("the context counts the prefix", async () => {
  const file = await encodeProgram(compileIntegerText(CHECKPOINT, PARAMS, { bits: "w4a8g32" }));
  using lm = await TextGenerator.fromPretrained(file, { context: 12 });
  const pieces = await Array.fromAsync(lm.generate(PROMPT, { ...GREEDY, maxTokens: 99 }));
  // The last one is written and not read.
  assert.equal(pieces.flatMap(({ ids }) => ids).length, 12 - 1 - PROMPT.length + 1);
  await assert.rejects(answer(lm, [...PROMPT, ...PROMPT]), {
    code: "limit_exceeded",
    message: /at most 12 in all/,
  });
});

Deno.test("a text in a window has no end, and chunks do not matter", async () => {
  const options = { bits: "w8a8", window: 10 } as const;
  const file = await encodeProgram(compileIntegerText(CHECKPOINT, PARAMS, options));
  const ids = Array.from({ length: 100 }, () => random.integer(2, 60));
  let first: ArrayLike<unknown> | undefined;
  for (const chunkSize of [1, 7, 64]) {
    using lm = await TextGenerator.fromPretrained(file, { chunkSize });
    const { data } = await lm.logits(ids);
    assert.deepEqual(data, first ??= data);
  }
});

for (const [width, headSize] of [[64, 16], [72, 6]] as const) {
  for (const tied of [true, false]) {
    Deno.test(`rotated: width ${width}, ${tied ? "tied" : "untied"}`, async () => {
      const sizes = { ...SIZES, width, headSize, tied };
      const checkpoint = { weights: lazyWeights(weightsOf(sizes, 5)), config: configOf(sizes) };
      const windows = windowsOf(6);
      const plain = await calibrateTextModel(checkpoint, windows);
      const ranges = await calibrateTextModel(checkpoint, windows, { rotate: true });
      // The same network: what is behind the last norm, turned back, and the logits.
      const [a, b] = [plain, ranges].map(({ channels }) => channels.get("norm")!.high);
      a.forEach((x, c) => assert.ok(Math.abs(x - b[c]) < 1e-4, `${x}, rotated ${b[c]}`));
      plain.prefix.logits.forEach((x, id) =>
        assert.ok(Math.abs(x - ranges.prefix.logits[id]) < 1e-4)
      );
      assert.ok([...ranges.rotation!.signs].every((sign) => Math.abs(sign) === 1));
      const params = parametersOfRanges(checkpoint, ranges, windows);
      const program = compileIntegerText(checkpoint, params, { bits: "w8a8" });
      const { divergence } = await compareIntegerText(checkpoint, program, [1], windowsOf(3));
      assert.ok(divergence > 0 && divergence < 0.01, `${divergence}`);
      const again = readDecoderParams(writeDecoderParams(params));
      const file = await encodeProgram(program);
      assert.deepEqual(
        await encodeProgram(compileIntegerText(checkpoint, again, { bits: "w8a8" })),
        file,
      );
      let first: number[] | undefined;
      for (const { load } of ENGINES) {
        using lm = new TextGenerator(await load(file, { symbols: { max_rows: 8 } }));
        const ids = await answer(lm, PROMPT);
        assert.deepEqual(ids, first ??= ids);
      }
    });
  }
}

for (const bits of ["w4a8", "w4a8g64", "w4a8g32"] as const) {
  Deno.test(`weights of ${bits} by GPTQ: nearer to float32, the same from parameters`, async () => {
    const sizes = { ...SIZES, width: 72 };
    const checkpoint = { weights: lazyWeights(weightsOf(sizes, 5)), config: configOf(sizes) };
    const windows = windowsOf(8);
    const ranges = await calibrateTextModel(checkpoint, windows, { rotate: bits !== "w4a8" });
    const params = parametersOfRanges(checkpoint, ranges, windows);
    const roundedBy = async (own: DecoderParams): Promise<Map<string, RoundedWeight>> => {
      const blocks = await Array.fromAsync(roundIntegerText(checkpoint, own, { bits }));
      return new Map(blocks.flatMap((block) => [...block]));
    };
    const rounded = await roundedBy(params);
    assert.equal(rounded.size, 7 * sizes.depth);
    const check = windowsOf(4);
    const [nearest, better] = await Promise.all([undefined, rounded].map(async (weights) => {
      const options = { bits, ...weights && { rounded: weights } };
      const program = compileIntegerText(checkpoint, params, options);
      const { divergence } = await compareIntegerText(checkpoint, program, [1], check);
      return divergence;
    }));
    assert.ok(better < 0.9 * nearest, `${better}, nearest codes ${nearest}`);
    const factors = new Map([...rounded].map(([name, weight]) => [name, weight.ranges]));
    const text = writeDecoderParams({ ...params, ranges: factors });
    const read = readDecoderParams(text);
    assert.deepEqual(await roundedBy(read), rounded);
    assert.deepEqual(readRounded(writeRounded(rounded)), rounded);
    const short = new Map([...factors].map(([name, of]) => [name, of.slice(2)]));
    await assert.rejects(roundedBy({ ...params, ranges: short }), {
      code: "invalid_argument",
      message: /range factors for/,
    });
    for (const other of ["{}[", "[1]", '{"a":{"length":4}}', '{"a":1}', text]) {
      assert.throws(() => readRounded(other), { code: "invalid_file" });
    }
  });
}

Deno.test("a width without a rotation is refused", async () => {
  await assert.rejects(calibrateTextModel(CHECKPOINT, windowsOf(1), { rotate: true }), {
    code: "unsupported",
    message: /the width 40 is no power of two/,
  });
});

Deno.test("parameters as a file give the same model, damaged ones are refused", async () => {
  const text = writeDecoderParams(PARAMS);
  const program = (params: DecoderParams) =>
    encodeProgram(compileIntegerText(CHECKPOINT, params, { bits: "w4a8" }));
  const read = readDecoderParams(text);
  assert.deepEqual(await program(read), await program(PARAMS));
  assert.deepEqual(read.windows, PARAMS.windows);
  const damaged: readonly (readonly [what: string, change: (file: unknown) => unknown])[] = [
    ["kind", (file) => ({ ...file as object, kind: "other" })],
    ["residual_bits", (file) => ({ ...file as object, residual_bits: 17 })],
    ["grids", (file) => ({ ...file as object, grids: [] })],
    ["windows", (file) => ({ ...file as object, windows: [["a"]] })],
    [
      "range factors of x",
      (file) => ({ ...file as object, range_factors_u4_base64: { x: "////" } }),
    ],
    ["range factors of x", (file) => ({ ...file as object, range_factors_u4_base64: { x: "?" } })],
    ["windows_file", (file) => ({ ...file as object, windows_file: "a/b" })],
    ["divisors of norm", (file) => ({
      ...file as object,
      grids: { norm: { scales_f32_bits: [1], zeros: [0], divisors_f32_base64: "AAAA" } },
    })],
    ["scales of norm", (file) => ({
      ...file as object,
      grids: { norm: { scales_f32_bits: [0], zeros: [0] } },
    })],
  ];
  for (const [what, change] of damaged) {
    assert.throws(() => readDecoderParams(JSON.stringify(change(JSON.parse(text)))), {
      code: "invalid_file",
      message: new RegExp(`^Cannot read parameters: ${what}`),
    });
  }
  const grids = { ...PARAMS.grids, grids: new Map([...PARAMS.grids.grids].slice(1)) };
  assert.throws(() => compileIntegerText(CHECKPOINT, { ...PARAMS, grids }, { bits: "w8a8" }), {
    code: "invalid_argument",
    message: /the grids have no "layers.0/,
  });
});

Deno.test("biases of rows are added to their sums, and kept in the file of parameters", () => {
  const name = "layers.1.mlp.up_proj";
  const biases = new Map([[name, Int32Array.from({ length: SIZES.hidden }, (_, n) => 3 * n - 7)]]);
  const text = writeDecoderParams({ ...PARAMS, grids: { ...PARAMS.grids, biases } });
  const { grids } = readDecoderParams(text);
  assert.deepEqual(grids.biases, biases);
  const config = llamaConfig(CHECKPOINT.config);
  const biasOf = (grids: DecoderParams["grids"]): Int32Array => {
    const { graph } = quantizeLlama(config, CHECKPOINT.weights, grids, { bits: "w8a8" });
    const { bias } = graph.nodes.find((node) => node.name === name)!.inputs;
    if (bias === undefined) return new Int32Array(SIZES.hidden);
    return graph.constants.get(bias.id)!.tensor(new Map()).data as Int32Array;
  };
  const plain = biasOf(PARAMS.grids);
  assert.deepEqual(biasOf(grids), plain.map((bias, n) => bias + 3 * n - 7));
  const other = (data: Int32Array) => biasOf({ ...grids, biases: new Map([[name, data]]) });
  const large = new Int32Array(SIZES.hidden).fill(-(2 ** 31));
  assert.throws(() => other(large), { code: "unsupported", message: /reach 2\^31/ });
  assert.throws(() => other(new Int32Array(3)), { code: "shape_mismatch", message: /3 biases/ });
});

Deno.test("what has no integers is refused", async () => {
  const { bos_token_id: _, ...config } = CHECKPOINT.config;
  await assert.rejects(calibrateTextModel({ ...CHECKPOINT, config }, [[1, 2]]), {
    code: "invalid_argument",
    message: /no token that begins a text/,
  });
  await assert.rejects(calibrateTextModel(CHECKPOINT, []), { code: "invalid_argument" });
  const other = { ...CHECKPOINT, config: { model_type: "gpt2" } };
  assert.throws(() => compileIntegerText(other, PARAMS, { bits: "w8a8" }), {
    code: "unsupported",
    message: /model_type is "gpt2"/,
  });
});
