/**
 * Narrows all 2³² floats in the module for training, to both types of 16-bit floats, and compares with the hashes of the oracle
 * (`half.json`), which numpy, ml_dtypes and torch agree on.
 *
 *     deno run -A bench/training/narrow_all.ts ORACLE/half.json
 */
import { createHash } from "node:crypto";
import type { HalfType } from "../../src/numeric/half.ts";
import { halfConverter } from "../../test/golden/train/half_converter.ts";

const AT_ONCE = 1 << 20;
const [path] = Deno.args;
if (path === undefined) {
  console.error("deno run -A bench/training/narrow_all.ts ORACLE/half.json");
  Deno.exit(2);
}
const { narrow } = JSON.parse(await Deno.readTextFile(path));
const bits = new Uint32Array(AT_ONCE);
let failed = false;
for (const type of ["f16", "bf16"] as HalfType[]) {
  using converter = await halfConverter(type, AT_ONCE);
  const all = createHash("sha256");
  const start = performance.now();
  let inWasm = 0;
  for (let block = 0; block < 256; block++) {
    const hash = createHash("sha256");
    for (let first = 0; first < 1 << 24; first += AT_ONCE) {
      const base = block * 2 ** 24 + first;
      for (let i = 0; i < AT_ONCE; i++) bits[i] = base + i;
      const before = performance.now();
      const half = converter.narrow(bits);
      inWasm += performance.now() - before;
      const bytes = new Uint8Array(half.buffer, half.byteOffset, half.byteLength);
      hash.update(bytes);
      all.update(bytes);
    }
    if (hash.digest("hex") !== narrow[type][block]) {
      console.log(`${type}: block ${block} differs`);
      failed = true;
    }
  }
  const digest = all.digest("hex");
  failed ||= digest !== narrow[`${type}_all`];
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${type}: 4,294,967,296 floats, 256 blocks, sha256 ${digest.slice(0, 16)}… ${
      digest === narrow[`${type}_all`] ? "as the oracle has it" : "NOT the oracle's"
    }, ${(inWasm / 2 ** 32 * 1e6).toFixed(2)} ns each with copying, ${seconds.toFixed(0)} s`,
  );
}
if (failed) Deno.exit(1);
