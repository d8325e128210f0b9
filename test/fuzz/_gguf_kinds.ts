/** Damaged GGUF files and packed ternary weights through readers and tokenizers. */
import assert from "node:assert/strict";
import { type Gguf, type GgufValue, openGguf, readGguf } from "../../src/formats/gguf.ts";
import { decodeHuggingFace, encodeHuggingFace } from "../../src/formats/ternary/hugging_face.ts";
import { decodeI2S, encodeI2S } from "../../src/formats/ternary/i2_s.ts";
import type { TernaryTensor } from "../../src/formats/ternary/ternary_tensor.ts";
import { decodeTQ1, encodeTQ1 } from "../../src/formats/ternary/tq1_0.ts";
import { decodeTQ2, encodeTQ2 } from "../../src/formats/ternary/tq2_0.ts";
import { elementCount } from "../../src/tensor.ts";
import { tokenizerFromGguf } from "../../src/text/gguf_tokenizer.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { VOCABULARIES } from "../text/_vocabularies.ts";
import type { Kind } from "./_kind.ts";
import { mutateBytes } from "./_mutate_bytes.ts";
import { type Json, mutateJson } from "./_mutate_json.ts";
import type { Random } from "./_random.ts";
import { resultOrCode } from "./_typed.ts";

const FOLDER = new URL("../vectors/gguf/", import.meta.url);

const LAYOUTS = [
  { name: "TQ1_0", decode: decodeTQ1, encode: encodeTQ1, shape: [2, 256], bytes: 108 },
  { name: "TQ2_0", decode: decodeTQ2, encode: encodeTQ2, shape: [2, 256], bytes: 132 },
  { name: "I2_S", decode: decodeI2S, encode: encodeI2S, shape: [2, 128], bytes: 96 },
] as const;

/** Mutants of GGUF files, of their vocabularies and of packed ternary weights. */
export async function ggufKinds(): Promise<Kind[]> {
  const [small, aligned] = await Promise.all(
    ["small.gguf", "aligned_64.gguf"].map((name) => Deno.readFile(new URL(name, FOLDER))),
  );
  return [{
    name: "gguf",
    share: 0.08,
    check: (random) => {
      const [file, other] = random.chance(0.5) ? [small, aligned] : [aligned, small];
      return checkFile(mutateBytes(file, other, random, [0, 1300]));
    },
  }, {
    name: "gguf vocabulary",
    share: 0.04,
    check: (random) => checkVocabulary(random.pick(VOCABULARIES), random),
  }, {
    name: "ternary",
    share: 0.03,
    check: checkTernary,
  }];
}

async function checkFile(file: Uint8Array): Promise<string> {
  const read = await resultOrCode(() => readGguf(file));
  const opened = await resultOrCode(() =>
    openGguf({ size: file.length, read: (begin, end) => Promise.resolve(file.slice(begin, end)) })
  );
  if ("code" in read) {
    assert.deepEqual(opened, read, "the file in parts");
    return read.code;
  }
  assert.ok("result" in opened, "the file in parts");
  assert.deepEqual(opened.result.metadata, read.result.metadata);
  return await checkTensors(read.result, file);
}

async function checkTensors({ tensors }: Gguf, file: Uint8Array): Promise<string> {
  let outcome = "decoded";
  for (const { shape, byteOffset, byteLength, decode } of tensors.values()) {
    assert.ok(byteOffset + byteLength <= file.length || byteLength === 0);
    const decoded = await resultOrCode(decode);
    if ("code" in decoded) {
      if (decoded.code !== "unsupported") outcome = `tensor: ${decoded.code}`;
    } else if (decoded.result.dtype === "ternary") {
      checkTrits(decoded.result, shape);
    } else {
      assert.equal(decoded.result.data.length, elementCount(shape));
    }
  }
  return outcome;
}

/** A vocabulary whose objects the library takes must also encode and decode. */
async function checkVocabulary(
  good: Readonly<Record<string, Json>>,
  random: Random,
): Promise<string> {
  const values = Object(mutateJson(good, random)) as Record<string, Json>;
  const metadata = new Map<string, GgufValue>();
  for (const [key, value] of Object.entries(values)) {
    if (isGgufValue(value)) metadata.set(`tokenizer.ggml.${key}`, value);
  }
  const made = await resultOrCode(() => tokenizerFromGguf(metadata));
  if ("code" in made) return made.code;
  const { tokenizerJson, tokenizerConfig } = made.result;
  const encoded = await resultOrCode(() => {
    const tokenizer = Tokenizer.fromJson(tokenizerJson, tokenizerConfig);
    const { ids } = tokenizer.encode("ab <s>[X] \u{1F600}cafés", { pair: "un" });
    assert.equal(typeof tokenizer.decode(ids, { skipSpecialTokens: true }), "string");
  });
  return "code" in encoded ? encoded.code : "tokenized";
}

async function checkTernary(random: Random): Promise<string> {
  const { name, decode, encode, shape, bytes } = random.pick(LAYOUTS);
  const valid = Uint8Array.from({ length: bytes }, () => random.integer(0, 255) & 0b10_10_10_10);
  const damaged = mutateBytes(valid, valid, random);
  const decoded = await resultOrCode(() => decode(damaged, shape));
  if ("code" in decoded) return `${name}: ${decoded.code}`;
  checkTrits(decoded.result, shape);
  assert.deepEqual(decode(encode(decoded.result), shape), decoded.result, name);
  if (decoded.result.scales.length === 1) {
    const weightScale = { dtype: "f32", shape: [1], data: decoded.result.scales } as const;
    const packed = encodeHuggingFace({
      ...decoded.result,
      shape: [4, decoded.result.trits.length / 4],
    });
    const { trits } = decodeHuggingFace(packed, weightScale, { scale: "multiply" });
    assert.deepEqual(trits, decoded.result.trits);
  }
  return `${name}: decoded`;
}

function checkTrits({ trits, scales, blockSize }: TernaryTensor, shape: readonly number[]): void {
  assert.equal(trits.length, elementCount(shape));
  assert.equal(scales.length * blockSize, trits.length);
  assert.ok(trits.every((trit) => trit >= -1 && trit <= 1), "trits");
  assert.ok(scales.every(Number.isFinite), "scales");
}

/** A file can hold all of JSON but objects and `null`. */
function isGgufValue(value: Json): value is Json & GgufValue {
  return typeof value === "object" ? Array.isArray(value) && value.every(isGgufValue) : true;
}
