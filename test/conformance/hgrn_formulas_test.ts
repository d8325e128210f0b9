/**
 * The instructions around the recurrence of HGRN beside their formulas in float64, written out here: they share nothing with the
 * engines. Arguments are within ±4, so that the tolerances are a few float32 roundings of the largest term.
 */
import assert from "node:assert/strict";
import type { Case, Value } from "./_case.ts";
import { ENGINES } from "./_engines.ts";
import type { EngineUnderTest } from "./_engines.ts";
import { elementsOf, prepare, runPrepared } from "./_program.ts";
import { Random } from "./_random.ts";
import { given, value } from "./_values.ts";

const CHANNELS = 37;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const silu = (x: number): number => x * sigmoid(x);

/** Sequences of 5, 0, 20 and 1 tokens; the sessions are not in order, and the third one starts anew. */
const OFFSETS = [0, 5, 5, 25, 26];
const SLOTS = [2, 0, 4, 1];
const PAST = [3, 7, 0, 9];
const TOKENS = 26;

const batch: Readonly<Record<string, Value>> = {
  offsets: { ...given("i32", [5], OFFSETS), check: "offsets", limit: TOKENS },
  slot: { ...given("i32", [4], SLOTS), check: "distinct", limit: 5 },
  past: { ...given("i32", [4], PAST), check: "past", limit: 100 },
};

/** The results of a case by name. */
async function run(c: Case, engine: EngineUnderTest): Promise<Record<string, number[]>> {
  const prepared = await prepare(c);
  using instance = await engine.load(prepared.file);
  const bytes = runPrepared(instance, prepared);
  return Object.fromEntries(
    prepared.results.map(({ name, place, dtype }, i) => [name, elementsOf(bytes[i], place, dtype)]),
  );
}

function assertNear(actual: number[], exact: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, exact.length);
  actual.forEach((x, i) => {
    const distance = Math.abs(x - exact[i]) / Math.max(1, Math.abs(exact[i]));
    assert.ok(distance <= tolerance, `${x} at ${i}, expected ${exact[i]}`);
  });
}

for (const engine of ENGINES) {
  const random = new Random(20);
  const rows = (...extents: number[]): Value => value(random, "f32", extents);

  for (const bounded of [false, true]) {
    Deno.test(`hgrn_scan_f32 is its recurrence ${bounded ? "with" : "without"} a bound, on ${engine.name}`, async () => {
      const [u, z, state] = [rows(TOKENS, CHANNELS), rows(TOKENS, CHANNELS), rows(5, CHANNELS)];
      const bound = given("f32", [CHANNELS], Array.from({ length: CHANNELS }, () => random.unit()));
      const results = await run({
        name: "scan",
        instruction: "hgrn_scan_f32",
        operands: { u, z, lower_bound: bounded ? bound : undefined, ...batch, state },
        results: { y: { dtype: "f32", extents: [TOKENS, CHANNELS] } },
      }, engine);
      const y: number[] = [];
      const after = Array.from(state.elements);
      SLOTS.forEach((slot, s) => {
        for (let c = 0; c < CHANNELS; c++) {
          let sum = PAST[s] === 0 ? 0 : state.elements[slot * CHANNELS + c];
          for (let t = OFFSETS[s]; t < OFFSETS[s + 1]; t++) {
            const at = t * CHANNELS + c;
            const floor = bounded ? bound.elements[c] : 0;
            const forget = floor + (1 - floor) * sigmoid(z.elements[at]);
            sum = forget * sum + silu(u.elements[at]) * (1 - forget);
            y[at] = sum;
          }
          after[slot * CHANNELS + c] = sum;
        }
      });
      // A rounding of the gate weighs as much as the state, and adds up over as many tokens as it remembers.
      assertNear(results.y, y, 4e-6);
      assertNear(results.state, after, 4e-6);
    });
  }

  Deno.test(`rms_norm_f32 is its formula, on ${engine.name}`, async () => {
    const [x, gamma] = [rows(9, CHANNELS), rows(CHANNELS)];
    const { y } = await run({
      name: "norm",
      instruction: "rms_norm_f32",
      operands: { x, gamma, epsilon: given("f32", [1], [1e-6]) },
      results: { y: { dtype: "f32", extents: [9, CHANNELS] } },
    }, engine);
    const exact = y.map((_, i) => {
      const row = Array.from(x.elements).slice(i - i % CHANNELS, i - i % CHANNELS + CHANNELS);
      const mean = row.reduce((sum, v) => sum + v * v, 0) / CHANNELS;
      return x.elements[i] / Math.sqrt(mean + Math.fround(1e-6)) * gamma.elements[i % CHANNELS];
    });
    assertNear(y, exact, 1e-6);
  });

  Deno.test(`hgrn_gate_f32 is its formula, on ${engine.name}`, async () => {
    const [p, gamma, x] = [rows(9, CHANNELS), rows(CHANNELS), rows(9, CHANNELS)];
    const { y } = await run({
      name: "gate",
      instruction: "hgrn_gate_f32",
      operands: { p, gamma, epsilon: given("f32", [1], [1e-6]), x },
      results: { y: { dtype: "f32", extents: [9, CHANNELS] } },
    }, engine);
    const exact = y.map((_, i) => {
      const row = Array.from(p.elements).slice(i - i % CHANNELS, i - i % CHANNELS + CHANNELS);
      const mean = row.reduce((sum, v) => sum + v * v, 0) / CHANNELS;
      return p.elements[i] / Math.sqrt(mean + Math.fround(1e-6)) * gamma.elements[i % CHANNELS] *
        silu(x.elements[i]);
    });
    assertNear(y, exact, 1e-6);
  });

  Deno.test(`swiglu_f32 is its formula, on ${engine.name}`, async () => {
    const [gate, up] = [rows(9, CHANNELS), rows(9, CHANNELS)];
    const { y } = await run({
      name: "swiglu",
      instruction: "swiglu_f32",
      operands: { gate, up },
      results: { y: { dtype: "f32", extents: [9, CHANNELS] } },
    }, engine);
    assertNear(y, y.map((_, i) => silu(gate.elements[i]) * up.elements[i]), 5e-7);
  });

  Deno.test(`short_conv_f32 is a causal convolution, on ${engine.name}`, async () => {
    const taps = 4;
    const [x, weight, state] = [
      rows(TOKENS, CHANNELS),
      rows(taps, CHANNELS),
      rows(5, taps, CHANNELS),
    ];
    const results = await run({
      name: "conv",
      instruction: "short_conv_f32",
      operands: { x, weight, ...batch, state },
      results: { y: { dtype: "f32", extents: [TOKENS, CHANNELS] } },
    }, engine);
    const y: number[] = [];
    const after = Array.from(state.elements);
    SLOTS.forEach((slot, s) => {
      for (let c = 0; c < CHANNELS; c++) {
        // The window and all inputs in one list; token t stands at t + taps.
        const inputs: number[] = [];
        for (let j = 0; j < taps; j++) {
          inputs.push(PAST[s] === 0 ? 0 : state.elements[(slot * taps + j) * CHANNELS + c]);
        }
        for (let t = OFFSETS[s]; t < OFFSETS[s + 1]; t++) {
          inputs.push(x.elements[t * CHANNELS + c]);
          let sum = 0;
          for (let j = 0; j < taps; j++) {
            sum += weight.elements[j * CHANNELS + c] * inputs[inputs.length - taps + j];
          }
          y[t * CHANNELS + c] = silu(sum);
        }
        inputs.slice(-taps).forEach((v, j) => after[(slot * taps + j) * CHANNELS + c] = v);
      }
    });
    // Four products of up to 16.
    assertNear(results.y, y, 1e-5);
    assertNear(results.state, after, 0);
  });

  Deno.test(`embedding_f32 widens 16-bit floats, on ${engine.name}`, async () => {
    // Values as IEEE 754 and bfloat16 define them: largest, least subnormal, one third, −2.
    for (
      const [dtype, bits, expected] of [
        ["f16", [0x7bff, 0x0001, 0x03ff, 0x3555, 0xc000, 0x8000, 0xfc00], [
          ...[65504, 2 ** -24, 1023 * 2 ** -24, 0.333251953125, -2, -0, -Infinity],
        ]],
        ["bf16", [0x7f7f, 0x0001, 0x3eab, 0xc000, 0x8000, 0xff80], [
          ...[3.3895313892515355e38, 2 ** -133, 0.333984375, -2, -0, -Infinity],
        ]],
      ] as const
    ) {
      const { y } = await run({
        name: dtype,
        instruction: "embedding_f32",
        operands: {
          table: given(dtype, [1, bits.length], bits),
          index: { ...given("i32", [1], [0]), check: "below", limit: 1 },
        },
        results: { y: { dtype: "f32", extents: [1, bits.length] } },
      }, engine);
      assert.deepEqual(y, [...expected]);
    }
  });
}
