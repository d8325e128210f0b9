import assert from "node:assert/strict";
import { openLlama2c, readLlama2cVocabulary } from "../../src/formats/llama2c.ts";
import { assertThrows } from "./_assert.ts";
import { llama2cFile, llama2cVocabulary } from "./_llama2c_builder.ts";

/** dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len. */
const SIZES = [8, 6, 2, 4, 2, 5, 3] as const;
/** Floats: embedding, norms, q, k, v, o, w1, w2, w3, the last norm, angles. */
const COUNT = 5 * 8 + 2 * (8 + 64 + 32 + 32 + 64 + 8 + 3 * 48) + 8 + 2 * 3;
const FLOATS = Float32Array.from({ length: COUNT + 5 * 8 }, (_, i) => i);

async function withFile<T>(bytes: Uint8Array, use: (path: string) => T): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".bin" });
  try {
    await Deno.writeFile(path, bytes);
    return use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("llama2.c: tensors lie one behind the other, those of layers together", () =>
  withFile(llama2cFile(SIZES, FLOATS.subarray(0, COUNT)), (path) => {
    const { header, tensors } = openLlama2c(path);
    assert.deepEqual(header, {
      ...{ dim: 8, hiddenDim: 6, layers: 2, heads: 4, kvHeads: 2, vocabSize: 5, seqLen: 3 },
      shared: true,
    });
    const first = (name: string): number[] => {
      const { shape, data } = tensors.get(name)!.read();
      return [...shape, data[0] as number];
    };
    assert.deepEqual(first("token_embedding_table"), [5, 8, 0]);
    assert.deepEqual(first("rms_att_weight.1"), [8, 48]);
    assert.deepEqual(first("wq.0"), [8, 8, 56]);
    assert.deepEqual(first("wk.1"), [4, 8, 56 + 128 + 32]);
    assert.deepEqual(first("w2.1"), [8, 6, 56 + 384 + 16 + 96 + 48]);
    assert.deepEqual(first("rms_final_weight"), [8, COUNT - 14]);
    assert.equal(tensors.has("wcls"), false);
  }));

Deno.test("llama2.c: a negative vocabulary has a head of its own", () => {
  const header = SIZES.map((size, i) => i === 5 ? -size : size);
  return withFile(llama2cFile(header, FLOATS), (path) => {
    const { header: { shared, vocabSize }, tensors } = openLlama2c(path);
    assert.deepEqual([shared, vocabSize], [false, 5]);
    const { shape, data } = tensors.get("wcls")!.read();
    assert.deepEqual([...shape, data[0]], [5, 8, COUNT]);
  });
});

Deno.test("llama2.c: what is no model is refused, and said what it is where that is known", async () => {
  const with_ = (changes: Readonly<Record<number, number>>): Uint8Array =>
    llama2cFile(SIZES.map((size, i) => changes[i] ?? size), FLOATS.subarray(0, COUNT));
  const bytes = with_({});
  const cases: readonly (readonly [bytes: Uint8Array, message: RegExp, code?: "unsupported"])[] = [
    [new Uint8Array(0), /it has 0 bytes/],
    [bytes.subarray(0, 27), /it has 27 bytes/],
    [bytes.subarray(0, -1), /give \d+ bytes, the file has/],
    [new Uint8Array([...bytes, 0]), /give \d+ bytes, the file has/],
    [with_({ 2: 3 }), /give \d+ bytes, the file has/],
    [with_({ 0: 2 ** 31 - 1 }), /are no sizes of a model/],
    [with_({ 0: -8 }), /are no sizes/],
    [with_({ 3: 3 }), /are no sizes/],
    [with_({ 3: 8 }), /are no sizes/],
    [with_({ 4: 3 }), /are no sizes/],
    [with_({ 5: 0 }), /are no sizes/],
    [with_({ 6: 2 ** 30 }), /are no sizes/],
    [with_({ 0: 0x616b3432, 1: 1 }), /of version 1, supported is 0/, "unsupported"],
    [new TextEncoder().encode("GGUF".padEnd(40)), /it is a GGUF file/],
    [new TextEncoder().encode("<!doctype html><title>No</title>".padEnd(40)), /a web page/],
  ];
  for (const [bytes, message, code = "invalid_file"] of cases) {
    await withFile(bytes, (path) => assertThrows(() => openLlama2c(path), code, message));
  }
});

Deno.test("llama2.c: vocabularies have as many pieces as the model", () => {
  const bytes = llama2cVocabulary([["<unk>", 0], ["ab", -1.5], ["", 2]]);
  const pieces = readLlama2cVocabulary(bytes, 3);
  assert.deepEqual(pieces.map(({ score }) => score), [0, -1.5, 2]);
  assert.deepEqual(pieces.map(({ bytes }) => new TextDecoder().decode(bytes)), ["<unk>", "ab", ""]);
  const refused = (damaged: Uint8Array, count: number, message: RegExp): void =>
    assertThrows(() => readLlama2cVocabulary(damaged, count), "invalid_file", message);
  refused(bytes, 4, /it ends within piece 3, expected 4 pieces/);
  refused(bytes, 2, /8 bytes behind its 2 pieces/);
  refused(bytes.subarray(0, -1), 3, /ends within piece 2/);
  refused(new Uint8Array(0), 1, /ends within piece 0/);
  const long = bytes.slice();
  new DataView(long.buffer).setInt32(8, -1, true);
  refused(long, 3, /ends within piece 0/);
  refused(new TextEncoder().encode("GGUF"), 3, /it is a GGUF file/);
});
