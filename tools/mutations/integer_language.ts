import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

/** The reference beside the module of integers, on cases of all of these instructions. */
const twins = ["test/wasm/integer_module_test.ts"];
const vectors = ["test/conformance/llama_int_test.ts"];
const sampler = ["test/conformance/sampler_test.ts"];
const draws = ["test/pipelines/integer_sampler_test.ts"];
const tables = ["test/numeric/integer_tables_test.ts"];
const rotations = ["test/numeric/hadamard_test.ts"];
const panels = ["test/layouts/panels_test.ts"];
const pipeline = ["test/pipelines/integer_llama_test.ts"];

/** Instructions of integer language models, what they stand on, and how weights of 4 bits lie. */
export const INTEGER_LANGUAGE_MUTATIONS: readonly Mutation[] = [
  ...changes("src/numeric/integer_tables.ts", tables, [
    ["Math.cos(2 * Math.PI * i / 1024)", "Math.cos(2 * Math.PI * i / 1025)"],
    ["u < 4095 ? Math.round(2 ** (20 - u / 256)) : 0", "Math.round(2 ** (20 - u / 256))"],
    ["2 ** (30 - i / 256) + 0.5", "2 ** (30 - i / 256)"],
    ["if (temperature === 0) return 0;", ""],
  ]),
  ...changes("src/numeric/hadamard.ts", rotations, [
    ["(element % FIELD + FIELD) % FIELD", "element % FIELD"],
    ["i === 0 || j === 0 ? 1 :", "i === 0 ? 1 :"],
    ["if (i === j) return u + v === 0 ? 1 : -1;", "if (i === j) return 1;"],
    ["columns % 36 === 0 ? 36 : 1", "columns % 12 === 0 ? 36 : 1"],
    ["rest & -rest", "rest"],
    ["y[i + step] = a - b | 0;", "y[i + step] = b - a | 0;"],
  ]),
  ...changes("src/layouts/panel_8x16_u4.ts", panels, [
    ["* 2 + (column >> 3 & 1)", "* 2 + (column >> 2 & 1)"],
    ["code > 15", "code > 16"],
    ["<< (i & 4)", "<< (i >> 1 & 4)"],
  ]),
  ...changes("src/layouts/panel_8_u8.ts", panels, [
    ["((row >> 3) * columns + column) * 8", "((row >> 3) * columns + column) * 4"],
  ]),
  ...changes("src/engines/reference/_shifted.ts", twins, [
    ["2n ** (bits - 1n) - 1n", "2n ** bits - 1n"],
    ["limit === undefined ? -high - 1n : -high", "-high"],
    ["Math.max(0, limit)", "limit"],
    [
      `BigInt(saturate(requantize(z, perColumn(multiplier, n), shift), "i32"))`,
      "requantize(z, perColumn(multiplier, n), shift)",
    ],
    ["(bias?.get(0, n) ?? 0) | 0", "0 | 0"],
    ["identity?.get(row, n) : perColumn(zeroPoint, n)", "undefined : perColumn(zeroPoint, n)"],
  ]),
  ...changes("src/engines/reference/linear_w4.ts", twins, [
    ["zero.columns - 1", "Infinity"],
    ["(zero.get(n, g) & 15)", "zero.get(n, g)"],
    ["factor?.get(n, g) ?? 1", "1"],
    ["16 << op.attribute", "32 << op.attribute"],
  ]),
  ...changes("src/engines/reference/rms_norm_i32.ts", vectors, [
    ["62 - S.toString(2).length >> 1", "61 - S.toString(2).length >> 1"],
    ["f < 2n ** 31n ? f : 2n ** 31n - 1n", "f"],
    ["24 + op.scalar", "23 + op.scalar"],
    ["(1n << BigInt(e - 1))) >> BigInt(e)", "0n) >> BigInt(e)"],
  ]),
  ...changes("src/engines/reference/rms_norm_i32.ts", twins, [
    ["BigInt.asUintN(62, squares) || 1n", "BigInt.asUintN(63, squares) || 1n"],
    ["BigInt.asIntN(32, shiftUp(v * f, 37 - k))", "shiftUp(v * f, 37 - k)"],
  ]),
  ...changes("src/engines/reference/swiglu_i16.ts", twins, [
    ["Math.min(2047, gate.get(row, k))", "Math.min(2046, gate.get(row, k))"],
    ["code + 2048", "code + 2047"],
    [`y.dtype === "i8" ? 8 : 12`, `y.dtype === "i8" ? 8 : 16`],
  ]),
  ...changes("src/engines/reference/rotary_angles_i16.ts", vectors, [
    ["phase & 2 ** 22 - 1", "phase & 2 ** 21 - 1"],
    ["phase - 2 ** 30", "phase + 2 ** 30"],
  ]),
  ...changes("src/engines/reference/rotary_angles_i16.ts", twins, [
    [`op.attribute("last") || Infinity`, "Infinity"],
    ["+ t - first", "+ t"],
  ]),
  ...changes("src/engines/reference/rotary_i16.ts", twins, [
    ["Math.min(-s, 32767)", "-s"],
    ["a * s + b * c | 0", "b * c - a * s | 0"],
    ["2 * i + j) ?? 0", "2 * i) ?? 0"],
  ]),
  ...changes("src/engines/reference/_softmax_q15.ts", vectors, [
    ["2 ** 17 >> 18", "2 ** 16 >> 18"],
    ["Math.floor(2 ** 30 / m)", "Math.floor(2 ** 29 / m)"],
    ["Math.min(32767,", "Math.min(32768,"],
  ]),
  ...changes("src/engines/reference/_softmax_q15.ts", twins, [
    ["const m = Math.max(1, rate);", "const m = rate;"],
  ]),
  ...changes("src/engines/reference/attention_cached_i8.ts", twins, [
    [`Math.min(op.attribute("window") || ring, ring)`, "ring"],
    ["Math.min(pinnedRows, position + 1)", "pinnedRows"],
    ["j % ring", "j"],
    ["position - window + 1", "position - window"],
    [
      "const [kv, g] = [Math.floor(head / group), head % group];",
      "const [kv, g] = [head % kvHeads, 0];",
    ],
    ["row, at) + more | 0", "row, at) | 0"],
    ["row.of.get(row.index, at + d) - zero)", "row.of.get(row.index, at + d))"],
    ["index: pinnedRows + j", "index: j"],
  ]),
  ...changes("src/engines/reference/embedding_i32.ts", twins, [
    ["code * signs.get(0, c)", "code"],
    ["Math.max(-limit,", "Math.max(-limit - 1,"],
  ]),
  ...changes("src/engines/reference/hadamard_i32.ts", twins, [
    ["Math.imul(v, signs.get(0, c))", "v"],
  ]),
  ...changes("src/engines/reference/sample_i32.ts", sampler, [
    ["if (q >= 31) return 0n;", "if (q >= 30) return 0n;"],
    ["+ 128n >> 8n", ">> 8n"],
    ["b.logit > a.logit ? b : a", "b.logit >= a.logit ? b : a"],
    ["b.logit - a.logit || a.id - b.id", "b.logit - a.logit || b.id - a.id"],
    [
      "philox4x32([low, high, 0, 0], [seedLow, seedHigh])",
      "philox4x32([low, high, 0, 0], [seedHigh, seedLow])",
    ],
    ["BigInt(clamp(minP, 0, 65536)) << 14n", "BigInt(clamp(minP, 0, 65536)) << 13n"],
  ]),
  ...changes("src/engines/reference/sample_i32.ts", twins, [
    ["+ 65535n) >> 16n", ") >> 16n"],
    ["reached < need;", "reached <= need;"],
    ["(reached += weight) > target", "(reached += weight) >= target"],
    ["if (topP > 0 && topP < 65536) {", "if (topP < 65536) {"],
  ]),
  ...changes("src/pipelines/text/_integer_sampler.ts", pipeline, [
    ["id < logits.length; id++) multiples", "id < logits.length - 500; id++) multiples"],
  ]),
  ...changes("src/pipelines/text/_integer_sampler.ts", draws, [
    ["logits[id] * 4096", "logits[id] * 2048"],
  ]),
  ...changes("src/text/integer_draw.ts", draws, [
    ["minP: part(minP)", "minP: part(topP)"],
    ["rate: Math.min(samplingRate(temperature), MOST)", "rate: samplingRate(1)"],
  ]),
  ...changes("src/pipelines/text/_float_logits.ts", pipeline, [
    ["multiples[id] * LOGIT_UNIT", "multiples[id]"],
    ["id < logits.length; id++) logits", "id < logits.length - 500; id++) logits"],
  ]),
];
