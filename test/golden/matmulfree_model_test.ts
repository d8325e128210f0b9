/** Whole MatMul-free language models against the oracles, on every engine. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { hgrnLowerBounds } from "../../src/models/hgrn_lower_bounds.ts";
import { ternarize } from "../../src/quantize/ternary.ts";
import type { Tensor } from "../../src/tensor.ts";
import { ENGINES } from "../conformance/_engines.ts";
import {
  compileHgrn,
  configOf,
  golden0Weights,
  layoutHgrn,
  meanLoss,
  rowsOf,
  runBatch,
} from "../models/_hgrn.ts";
import { buildSeeded } from "./seeded.ts";
import { absent, fromBits, readJson, sha256, SHARED } from "./_shared.ts";

type Numbers = ArrayLike<number>;

function assertClose(actual: Numbers, expected: Numbers, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < actual.length; i++) {
    const gap = Math.abs(actual[i] - expected[i]);
    assert.ok(gap <= tolerance, `${what}[${i}]: ${actual[i]}, expected ${expected[i]}`);
  }
}

// The worked numbers of the specification (golden0.py).
const GOLDEN0 = { vocabulary: 11, width: 8, depth: 3, hidden: 16 };
const GOLDEN0_IDS = [1, 5, 2, 7, 3];
const golden0 = golden0Weights(GOLDEN0);
const golden0File = await compileHgrn(golden0, configOf(GOLDEN0));

/** Operand of the nth instruction of a name, right after it ran on the ids of golden0. */
function operandOf(instance: SyncInstance, name: string, nth: number, operand: string): Tensor {
  const { program } = instance;
  const at = program.instructions
    .flatMap(({ opcode }, i) => instructionOf(opcode)!.name === name ? [i] : [])[nth];
  const execution = instance.begin({
    ids: Int32Array.from(GOLDEN0_IDS),
    offsets: Int32Array.of(0, GOLDEN0_IDS.length),
    slot: Int32Array.of(0),
    past: Int32Array.of(0),
    rows: Int32Array.of(0),
  });
  execution.advance(at + 1);
  const { opcode, operands } = program.instructions[at];
  const index = instructionOf(opcode)!.operands.findIndex((spec) => spec.name === operand);
  return instance.peekSync(program.views[operands[index]].tensor);
}

Deno.test("golden0: the generator fills the tensors as the oracle does", () => {
  const emb = golden0.get("model.embeddings.weight")!.data as Float32Array;
  assertClose(emb.subarray(0, 4), [0.062549, -0.458912, 0.630975, -0.456462], 5e-7, "emb");
  const head = golden0.get("lm_head.weight")!.data as Float32Array;
  assertClose(head.subarray(-3), [0.087343, 0.186422, 0.321720], 5e-7, "head");
});

Deno.test("golden0: trits and scale of the first projection", () => {
  const weight = golden0.get("model.layers.0.attn.i_proj.weight")!.data as Float32Array;
  const { trits, scale } = ternarize(weight);
  assert.ok(Math.abs(scale - 0.23495183512568474) < 1e-8);
  assert.deepEqual([...trits.subarray(0, 8)], [1, 0, 1, -1, -1, -1, 1, 0]);
});

Deno.test("golden0: bounds of the forget gates", () => {
  const lambda = golden0.get("model.lower_bounds")!.data as Float32Array;
  const [first, second, third] = hgrnLowerBounds(lambda, 3);
  assert.deepEqual([...first], new Array(8).fill(0));
  const expected = [.342246, .222999, .253684, .136846, .178301, .435746, .420436, .381621];
  assertClose(second, expected, 5e-7, "bounds of layer 1");
  assert.ok(third.every((bound, c) => bound > second[c] && bound < 1));
});

for (const engine of ENGINES) {
  Deno.test(`golden0: codes, sums, states, logits and loss (${engine.name})`, async () => {
    using instance = await engine.load(golden0File, { symbols: { max_rows: 5 } });
    // One quantisation for i, f and g: the codes of i are the first row.
    const codes = operandOf(instance, "rms_norm_quantize_i8", 0, "q");
    assert.deepEqual(codes.shape, [3, 5, 8]);
    const q = [...(codes.data as Int8Array).subarray(0, 8)];
    assert.deepEqual(q, [-127, 51, 79, 48, -105, -10, 120, -32]);
    const alpha = operandOf(instance, "rms_norm_quantize_i8", 0, "alpha");
    assertClose((alpha.data as Float32Array).subarray(0, 1), [78.645215], 5e-5, "alpha");
    const weight = golden0.get("model.layers.0.attn.i_proj.weight")!.data as Float32Array;
    const { trits } = ternarize(weight);
    const sums = Array.from(q, (_, n) => q.reduce((sum, x, k) => sum + x * trits[n * 8 + k], 0));
    assert.deepEqual(sums, [139, -492, 29, -160, 190, 89, 17, 226]);
    const u = operandOf(instance, "linear_ternary", 0, "y").data as Float32Array;
    const expected = sums.map((a) => a * 0.23495183512568474 / 78.645215);
    assertClose(u.subarray(0, 8), expected, 1e-6, "u");
    const down = operandOf(instance, "rms_norm_quantize_i8", 3, "q").data as Int8Array;
    assert.deepEqual(
      [...down.subarray(4 * 16)],
      [-28, 15, 21, 29, -43, -127, 38, -58, -81, 3, -3, 41, 0, -100, -19, 51],
    );

    const { logits } = runBatch(instance, { sequences: [GOLDEN0_IDS] });
    const rows = rowsOf(logits);
    const first = [-.768370, .840858, -.677760, -.572653, .554531, -.239210, -.206590, .681385];
    assertClose(rows[0], [...first, -.594399, .659638, .645141], 1e-6, "logits 0");
    const last = [.369018, .282014, .564027, 1.074052, -.549027, .972047, .114006, .162008];
    assertClose(rows[4], [...last, 1.398068, .546026, -.021001], 1e-6, "logits 4");
    const loss = meanLoss(rows.slice(0, 4), GOLDEN0_IDS.slice(1));
    assert.ok(Math.abs(loss - 3.0129438140352844) < 1e-6, `${loss}`);
    assertClose(
      instance.readSync("state.0").data as Float32Array,
      [-.012008, .253858, -.049965, .146077, -.049225, .187007, -.069368, -.155447],
      1e-6,
      "state 0",
    );
    assertClose(
      instance.readSync("state.2").data as Float32Array,
      [-.010596, -.069112, .308399, -.011378, .116210, .004199, -.011411, -.013229],
      1e-6,
      "state 2",
    );
  });
}

const MODEL = `${SHARED}/golden/matmulfree/model.json`;

Deno.test({
  name: "golden: a seeded network: trits, logits, loss and state, the same bits on every engine",
  ignore: absent(MODEL),
  fn: async () => {
    const expected = readJson("golden/matmulfree/model.json");
    const { vocab_size, hidden_size, num_hidden_layers, intermediate_size } = expected.config;
    const sizes = {
      vocabulary: vocab_size,
      width: hidden_size,
      depth: num_hidden_layers,
      hidden: intermediate_size,
    };
    const seed = Number(/Stream\((\d+)\)/.exec(expected.weights)![1]);
    const weights = buildSeeded(layoutHgrn(sizes), seed);
    const layers = Object.entries<{ mu_f32_bits: number; t_i8_sha256: string }>(expected.trits);
    assert.equal(layers.length, 6 * sizes.depth + 1);
    for (const [name, { mu_f32_bits, t_i8_sha256 }] of layers) {
      const { trits, scale } = ternarize(weights.get(`${name}.weight`)!.data as Float32Array);
      assert.equal(scale, fromBits(mu_f32_bits), name);
      assert.equal(sha256(trits), t_i8_sha256, name);
    }
    const file = await compileHgrn(weights, configOf(sizes));
    let defined: Float32Array | undefined;
    for (const engine of ENGINES) {
      using instance = await engine.load(file, { symbols: { max_rows: expected.ids.length } });
      const { logits } = runBatch(instance, { sequences: [expected.ids] });
      const data = logits.data as Float32Array;
      if (defined !== undefined) assert.deepEqual(data, defined, engine.name);
      defined ??= data;
      const rows = rowsOf(logits);
      assertClose(rows.at(-1)!, expected.logits_last_position, 2e-5, "last logits");
      expected.logits_first_4_positions_first_8.forEach((row: number[], t: number) =>
        assertClose(rows[t].subarray(0, 8), row, 2e-5, `logits ${t}`)
      );
      assert.deepEqual(rows.map((row) => row.indexOf(Math.max(...row))), expected.argmax);
      const loss = meanLoss(rows.slice(0, -1), expected.ids.slice(1));
      assert.ok(Math.abs(loss - expected.loss_float64) < 2e-5, `${loss}`);
      const state = instance.readSync("state.0").data as Float32Array;
      assertClose(state.subarray(0, 8), expected.final_state_layer_0_first_8, 2e-5, "state");
    }
  },
});
