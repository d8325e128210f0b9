/** Damaged files of formats without checksums, or with checksums that are made right again: onnx, npy, idx, zip. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { readIdx } from "../../src/formats/idx.ts";
import { readNpy, writeNpy } from "../../src/formats/npy.ts";
import { readOnnx, readTensorProto } from "../../src/formats/onnx.ts";
import { readZip, readZipEntry } from "../../src/formats/zip.ts";
import { elementCount } from "../../src/tensor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { join, littleEndian, utf8 } from "../formats/_join.ts";
import { MODEL_BYTES, TENSOR_BYTES } from "../formats/_onnx_samples.ts";
import { buildZip } from "../formats/_zip_builder.ts";
import type { Kind } from "./_kind.ts";
import { mutateBytes } from "./_mutate_bytes.ts";
import type { Random } from "./_random.ts";
import { resultOrCode } from "./_typed.ts";

/** Most bytes that a mutant may decompress to. */
const MAX_BYTES = 2 ** 22;

/** Mutants of four formats. */
export async function fileKinds(): Promise<Kind[]> {
  const zips = await zipSeeds();
  return [
    { name: "onnx", share: 0.02, check: checkOnnx },
    { name: "npy", share: 0.02, check: checkNpy },
    { name: "idx", share: 0.02, check: checkIdx },
    { name: "zip", share: 0.02, check: (random) => checkZip(zips, random) },
  ];
}

async function checkOnnx(random: Random): Promise<string> {
  if (random.chance(0.3)) {
    const read = await resultOrCode(() =>
      readTensorProto(mutateBytes(TENSOR_BYTES, MODEL_BYTES, random))
    );
    if ("code" in read) return `tensor: ${read.code}`;
    checkTensor(read.result);
    return "tensor read";
  }
  const read = await resultOrCode(() => readOnnx(mutateBytes(MODEL_BYTES, TENSOR_BYTES, random)));
  if ("code" in read) return read.code;
  const { graph } = read.result;
  graph.initializers.forEach(checkTensor);
  assert.ok(graph.nodes.every(({ opType }) => typeof opType === "string"));
  return "read";
}

/** Arrays of several types, and headers as others than NumPy write them. */
const ARRAYS: readonly Uint8Array[] = [
  writeNpy({ dtype: "f32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }),
  writeNpy({ dtype: "i64", shape: [2], data: BigInt64Array.of(1n, -1n) }),
  writeNpy({ dtype: "bool", shape: [3], data: Uint8Array.of(0, 1, 1) }),
  npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }", 12, 2),
  npy('{"shape": (2,), "fortran_order": False,\n "descr": "float64"} # a comment', 16, 3),
];

function npy(header: string, bytes: number, version: number): Uint8Array {
  const text = utf8(`${header}\n`);
  const length = littleEndian(text.length, 4);
  return join([0x93], utf8("NUMPY"), [version, 0], length, text, new Uint8Array(bytes));
}

async function checkNpy(random: Random): Promise<string> {
  const [file, other] = [random.pick(ARRAYS), random.pick(ARRAYS)];
  const read = await resultOrCode(() => readNpy(mutateBytes(file, other, random, [0, 90])));
  if ("code" in read) return read.code;
  checkTensor(read.result);
  return "read";
}

const IMAGES = join([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4], new Uint8Array(24).fill(7));
const LABELS = join([0, 0, 12, 1, 0, 0, 0, 3], new Uint8Array(12).fill(1));

async function checkIdx(random: Random): Promise<string> {
  const [file, other] = random.chance(0.5) ? [IMAGES, LABELS] : [LABELS, IMAGES];
  // Compressed after the damage, its checksum and length are right.
  const [before, after] = [random.chance(0.7), random.chance(0.5)];
  let bytes: Uint8Array = before ? mutateBytes(file, other, random, [0, 16]) : file;
  if (after) bytes = gzipSync(bytes);
  if (!before) bytes = mutateBytes(bytes, other, random);
  const read = await resultOrCode(() => readIdx(bytes, { maxBytes: MAX_BYTES }));
  const how = after ? "gzip, " : "";
  if ("code" in read) return how + read.code;
  checkTensor(read.result);
  return `${how}read`;
}

function checkTensor({ shape, data }: Tensor): void {
  assert.equal(data.length, elementCount(shape));
}

interface ZipSeed {
  readonly bytes: Uint8Array;
  /** Where the directory is, which most of the damage hits. */
  readonly directory: number;
}

async function zipSeeds(): Promise<ZipSeed[]> {
  const files = [
    { name: "a/data.pkl", data: new Uint8Array(300).fill(5), deflate: true },
    { name: "a/data/0", data: Uint8Array.from({ length: 64 }, (_, i) => i) },
    { name: "a/version", data: utf8("3\n") },
  ];
  const built = await Promise.all([
    buildZip(files),
    buildZip(files, { zip64: true, comment: "a comment" }),
    buildZip([]),
  ]);
  return built.map((bytes) => ({ bytes, directory: Math.max(0, bytes.length - 320) }));
}

async function checkZip(seeds: readonly ZipSeed[], random: Random): Promise<string> {
  const { bytes, directory } = random.pick(seeds);
  const damaged = mutateBytes(bytes, random.pick(seeds).bytes, random, [directory, bytes.length]);
  const listed = await resultOrCode(() => readZip(damaged));
  if ("code" in listed) return listed.code;
  let outcome = "read";
  for (const [name, entry] of listed.result) {
    assert.equal(name, entry.name);
    const content = await resultOrCode(() => readZipEntry(entry, MAX_BYTES));
    if ("code" in content) outcome = `entry: ${content.code}`;
    else assert.equal(content.result.length, entry.size);
  }
  return outcome;
}
