/** Damaged files that fewbit itself writes, with their checksums made right again: indexes, sessions, states, scales. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { load } from "../../src/engines/load.ts";
import { crc32c } from "../../src/program/crc32c.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { readEncoderScales } from "../../src/quantize/encoder_scales.ts";
import { decodePassageIndex, encodePassageIndex } from "../../src/search/passage_index.ts";
import { concat, mutateBytes } from "./_mutate_bytes.ts";
import { mutateJson } from "./_mutate_json.ts";
import type { Kind } from "./_kind.ts";
import type { Random } from "./_random.ts";
import { resultOrCode } from "./_typed.ts";

const LANGUAGE_MODEL = new URL("../../models/hgrn-shakespeare.fewbit", import.meta.url);

/** Bytes in front of the JSON of an index, and of a session. */
const INDEX_HEADER = 48, SESSION_HEADER = 12;

/** Mutants of what is saved. */
export async function savedKinds(): Promise<Kind[]> {
  const index = await encodePassageIndex({
    model: { id: "ab12", name: "tiny", source: "/tmp/tiny.fewbit" },
    dimension: 3,
    sizes: { tokens: 8, overlap: 2 },
    files: ["/a", "/b"].map((path) => ({
      path,
      size: 5,
      modified: 1000,
      sha256: "00",
      passages: [1, 2].map((line) => ({
        firstLine: line,
        lastLine: line + 1,
        text: "é\n",
        row: Int8Array.of(1, -127, 127),
      })),
    })),
  });
  const session = await checkSession();
  const state = await checkState();
  return [
    { name: "index", share: 0.02, check: (random) => checkIndex(index, random) },
    { name: "session", share: 0.02, check: session },
    { name: "state", share: 0.02, check: state },
    { name: "scales", share: 0.02, check: checkScales },
  ];
}

/** The JSON inside a file damaged as data or as bytes. */
function mutateText(text: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.3)) return mutateBytes(text, text, random);
  const value = mutateJson(JSON.parse(new TextDecoder().decode(text)), random);
  return new TextEncoder().encode(JSON.stringify(value));
}

async function checkIndex(good: Uint8Array, random: Random): Promise<string> {
  const jsonBytes = new DataView(good.buffer).getUint32(8, true);
  const json = good.subarray(INDEX_HEADER, INDEX_HEADER + jsonBytes);
  const rows = good.subarray(INDEX_HEADER + jsonBytes);
  const damaged = random.chance(0.7)
    ? withLength(good, mutateText(json, random), rows)
    : mutateBytes(good, good, random, [0, INDEX_HEADER]);
  if (damaged.length >= INDEX_HEADER && random.chance(0.95)) {
    const sum = createHash("sha256").update(damaged.subarray(INDEX_HEADER)).digest();
    damaged.set(sum, 16);
  }
  const read = await resultOrCode(() => decodePassageIndex(damaged));
  if ("code" in read) return read.code;
  const { dimension, files } = read.result;
  const passages = files.flatMap((file) => file.passages);
  assert.ok(passages.every(({ row }) => row.length === dimension));
  const again = await decodePassageIndex(await encodePassageIndex(read.result));
  assert.deepEqual(again, read.result);
  return "read";
}

function withLength(good: Uint8Array, json: Uint8Array, rows: Uint8Array): Uint8Array {
  const bytes = concat(good.subarray(0, INDEX_HEADER), json, rows);
  new DataView(bytes.buffer).setUint32(8, json.length, true);
  return bytes;
}

/** What is refused changes nothing; what is taken can be saved, and goes on. */
async function checkSession(): Promise<Kind["check"]> {
  const lm = await TextGenerator.fromPretrained(await Deno.readFile(LANGUAGE_MODEL), {
    engine: "wasm-simd",
  });
  const session = lm.session();
  const options = { seed: 1, maxTokens: 5 };
  for await (const _ of session.generate("ROMEO:", options));
  const good = await session.save();
  const jsonBytes = new DataView(good.buffer).getUint32(4, true);
  const json = good.subarray(SESSION_HEADER, SESSION_HEADER + jsonBytes);
  const state = good.subarray(SESSION_HEADER + jsonBytes);
  return async (random) => {
    session.restore(good);
    let damaged: Uint8Array = random.chance(0.6)
      ? concat(good.subarray(0, SESSION_HEADER), mutateText(json, random), state)
      : concat(good.subarray(0, SESSION_HEADER), json, repairState(mutateState(state, random)));
    if (random.chance(0.1)) damaged = mutateBytes(damaged, good, random, [0, SESSION_HEADER]);
    repairSession(damaged, damaged.length - state.length - SESSION_HEADER);
    const restored = await resultOrCode(() => session.restore(damaged));
    if ("code" in restored) {
      assert.deepEqual(
        await session.save(),
        good,
        "a session that was refused has changed nothing",
      );
      return restored.code;
    }
    await session.save();
    if (random.chance(0.9)) return "restored";
    const goesOn = await resultOrCode(() =>
      Array.fromAsync(session.generate(undefined, { maxTokens: 2 }))
    );
    return "code" in goesOn ? `restored, then ${goesOn.code}` : "restored and went on";
  };
}

function repairSession(bytes: Uint8Array, jsonBytes: number): void {
  if (bytes.length < SESSION_HEADER || jsonBytes < 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(4, jsonBytes, true);
  const text = bytes.subarray(SESSION_HEADER, SESSION_HEADER + jsonBytes);
  view.setUint32(8, crc32c(text), true);
}

/** A state is mostly numbers; half of the damage hits its header. */
export function mutateState(state: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  return mutateBytes(state, state, random, [0, 32]);
}

/** With checksums that are right again. */
export function repairState(state: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (state.length < 32) return state;
  const view = new DataView(state.buffer);
  view.setUint32(24, crc32c(state.subarray(32)), true);
  view.setUint32(28, crc32c(state.subarray(0, 28)), true);
  return state;
}

/** Both kinds of engines give the same verdict and take the same state. */
async function checkState(): Promise<Kind["check"]> {
  const file = await Deno.readFile(LANGUAGE_MODEL);
  const symbols = { max_tokens: 1, max_sequences: 1, max_rows: 1, sessions: 1 };
  const instances = await Promise.all(
    (["reference", "wasm-simd"] as const).map((engine) => load(file, { engine, symbols })),
  );
  const good = instances[0].saveStateSync(0);
  return async (random) => {
    const damaged = mutateState(good, random);
    if (random.chance(0.9)) repairState(damaged);
    const outcomes: string[] = [];
    for (const instance of instances) {
      instance.restoreState(good, 0);
      const restored = await resultOrCode(() => instance.restoreState(damaged, 0));
      const expected = "code" in restored ? good : withOneNaN(damaged);
      assert.deepEqual(instance.saveStateSync(0), expected, "what is saved is what was restored");
      outcomes.push("code" in restored ? restored.code : "restored");
    }
    assert.equal(outcomes[0], outcomes[1], "both engines");
    return outcomes[0];
  };
}

/** The state, which is float32, as it is saved: every NaN has the bits 0x7FC00000. */
function withOneNaN(state: Uint8Array): Uint8Array {
  const saved = Uint8Array.from(state);
  const words = new Uint32Array(saved.buffer, 32);
  new Float32Array(saved.buffer, 32).forEach((value, i) => {
    if (Number.isNaN(value)) words[i] = 0x7FC00000;
  });
  return repairState(saved);
}

const SCALES = new TextEncoder().encode(JSON.stringify({
  scales_f32_bits: { a: 0x3F800000, "b.c": 0x3C000000 },
  smooth_f32_bits: { d: [0x3F800000, 0x40000000, 1] },
}));

async function checkScales(random: Random): Promise<string> {
  const text = new TextDecoder().decode(mutateText(SCALES, random));
  const read = await resultOrCode(() => readEncoderScales(text));
  if ("code" in read) return read.code;
  const { scales, smooth } = read.result;
  const isGood = (value: number): boolean => value > 0 && Number.isFinite(value);
  assert.ok([...scales.values()].every(isGood));
  assert.ok([...smooth.values()].every((divisors) => divisors.every(isGood)));
  return "read";
}
