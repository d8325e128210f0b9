/** Conversions between float32 and 16-bit floats: the definition in TypeScript and the module for training, to the bit. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { halfConverter } from "./half_converter.ts";
import { fromHalf, narrowed, toHalf, widened } from "../../../src/numeric/half.ts";
import type { HalfType } from "../../../src/numeric/half.ts";
import { highHalf, lowHalf, mergedBits } from "../../../src/numeric/split_master.ts";
import { absent, readJson, sha256, SHARED } from "../_shared.ts";

const FOLDER = `${SHARED}/golden/train`;
const TYPES: readonly HalfType[] = ["f16", "bf16"];
/** Patterns of quick checks that are converted at once. */
const AT_ONCE = 1 << 20;

// deno-lint-ignore no-explicit-any
const golden: any = absent(FOLDER) ? undefined : readJson("golden/train/half.json");

function test(name: string, body: () => Promise<void> | void): void {
  if (golden !== undefined) Deno.test(`golden: half, ${name}`, body);
}

/** All patterns of 16 bits. */
const PATTERNS = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** Every NaN as the one that instances give: which bits a host's NaN has is its own. */
function canonical(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.buffer);
  values.forEach((value, i) => {
    if (Number.isNaN(value)) bits[i] = 0x7fc00000;
  });
  return values;
}

test("all widenings", async () => {
  for (const type of TYPES) {
    const want = golden.widen[`${type}_sha256`];
    assert.equal(sha256(canonical(widened(type, PATTERNS))), want, `${type}: definition`);
    using converter = await halfConverter(type, PATTERNS.length);
    assert.equal(sha256(converter.widen(PATTERNS)), want, `${type}: module`);
    // Narrowing gives them back, NaNs as one.
    const back = converter.narrow(new Uint32Array(converter.widen(PATTERNS).slice().buffer));
    PATTERNS.forEach((bits, i) => {
      const isNaN = Number.isNaN(fromHalf(type, bits));
      assert.equal(back[i], isNaN ? golden.nan[type] === "7e00" ? 0x7e00 : 0x7fc0 : bits);
    });
  }
});

test("the special list", async () => {
  for (const c of golden.cases) {
    const bits = Uint32Array.from(c.f32, (hex: string) => parseInt(hex, 16));
    const values = new Float32Array(bits.buffer);
    for (const type of TYPES) {
      const want = c[type].map((hex: string) => parseInt(hex, 16));
      assert.deepEqual([...narrowed(type, values)], want, `${c.name}, ${type}: definition`);
      using converter = await halfConverter(type, bits.length);
      assert.deepEqual([...converter.narrow(bits)], want, `${c.name}, ${type}: module`);
    }
  }
});

test("2^24 narrowings, and splits of masters", async () => {
  const hashes = new Map<string, ReturnType<typeof createHash>>();
  const add = (name: string, data: Uint16Array | Int16Array): void => {
    const hash = hashes.get(name) ?? createHash("sha256");
    hashes.set(name, hash.update(new Uint8Array(data.buffer, 0, data.byteLength)));
  };
  const bits = new Uint32Array(AT_ONCE);
  const converters = await Promise.all(TYPES.map((type) => halfConverter(type, AT_ONCE)));
  for (let first = 0; first < 1 << 24; first += AT_ONCE) {
    for (let i = 0; i < AT_ONCE; i++) bits[i] = Math.imul(first + i, 0x9e3779b1);
    const values = new Float32Array(bits.buffer);
    TYPES.forEach((type, t) => {
      add(`${type} definition`, narrowed(type, values));
      add(`${type} module`, converters[t].narrow(bits));
    });
    const [high, low] = [Uint16Array.from(bits, highHalf), Int16Array.from(bits, lowHalf)];
    add("split_high", high);
    add("split_low", low);
    bits.forEach((pattern, i) => assert.equal(mergedBits(high[i], low[i]), pattern));
  }
  for (const converter of converters) converter[Symbol.dispose]();
  const digest = (name: string): string => hashes.get(name)!.digest("hex");
  for (const type of TYPES) {
    const want = golden.quick[`${type}_sha256`];
    assert.equal(digest(`${type} definition`), want, `${type}: definition`);
    assert.equal(digest(`${type} module`), want, `${type}: module`);
  }
  assert.equal(digest("split_high"), golden.quick.split_high_sha256);
  assert.equal(digest("split_low"), golden.quick.split_low_sha256);
});

test("float64 in one rounding, and by way of float32", () => {
  const { f64, direct, via_f32 } = golden.from_f64;
  f64.forEach((hex: string, i: number) => {
    const x = new Float64Array(BigUint64Array.of(BigInt(`0x${hex}`)).buffer)[0];
    assert.equal(toHalf("f16", x), parseInt(direct[i], 16));
    assert.equal(toHalf("f16", Math.fround(x)), parseInt(via_f32[i], 16));
  });
});
