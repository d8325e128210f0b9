import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const precision = ["test/training/half_precision_test.ts"];
const conformance = ["test/conformance/half_test.ts"];
const instructions = ["test/conformance/train_test.ts"];
const sums = ["test/training/sums_test.ts"];
const numbers = ["test/numeric/half_test.ts"];

/** Training in 16 bits. */
export const HALF_MUTATIONS: readonly Mutation[] = [
  ...changes("src/training/half_precision.ts", precision, [
    // Silently float32.
    ['type === "f32" ? undefined : type;', "undefined;"],
    // What is read is not rounded first.
    ["if (!isEdge || this.#isKept(made)) return made;", "return made;"],
    // What gradients read is not rounded.
    ["this.#graph.storage.set(kept, this.#keptAs(type));", ""],
    [
      "Int16Array.from(new Uint32Array(values.slice().buffer), lowHalf)",
      "new Int16Array(values.length)",
    ],
    ["this.#rounding?.count(entry, entry);", ""],
    ['const kept = changes || kind === "split" ?', "const kept = false ?"],
  ]),
  ...changes("src/gradients/gradients.ts", precision, [
    ["if (made !== undefined) graph.storage.set(made.id, computedAlike(storage!));", ""],
  ]),
  ...changes("src/training/half_precision.ts", sums, [
    // Sums in float32, silently.
    ['this.#settings.sums === "16"', "false"],
  ]),
  ...changes("src/graph/storage.ts", sums, [
    // Those of gradients are float32.
    ["...sums && { sums } };", "};"],
  ]),
  ...changes("src/engines/reference/_sums.ts", instructions, [
    // Rounded only at the end.
    ["arithmetic.accumulate16(type, sum, product)", "arithmetic.round(sum + product)"],
  ]),
  ...changes("src/engines/reference/_matmul.ts", instructions, [
    // In blocks, as those of float32.
    ["if (areHalves) return ascending(0, count, term, add, total);", ""],
  ]),
  ...changes("src/lower/sums.ts", sums, [
    ["storage?.sums ? SUMS.values!.indexOf(storage.type) : 0", "0"],
  ]),
  ...changes("src/program/builder.ts", sums, [
    ["if (last?.optional && values.at(-1) === last.min) values.pop();", ""],
  ]),
  ...changes("src/training/loss_scale.ts", precision, [
    // Scaled twice.
    ["const inverse = build.div(build.scalar(1), this.scale);", "const inverse = build.scalar(1);"],
    ["build.graph.apply(allFinite, { x })", "build.scalar(1)"],
    ["const count = build.mul(build.shift(this.#good, 1), finite);", "const count = this.#good;"],
    ["const scale = build.select(finite, good, smaller);", "const scale = good;"],
    ["this.#least(build.scale(this.scale, 2), MOST);", "build.scale(this.scale, 4);"],
  ]),
  ...changes("src/training/training_graph.ts", precision, [
    // A step that is left out counts.
    ["{ state: step, x: when ?? one }", "{ state: step, x: one }"],
    [
      "cotangent: build.reshape(build.shift(scaled.scale, 0), loss.shape)",
      "cotangent: build.reshape(build.scale(build.mul(scaled.scale, scaled.scale), 1), loss.shape)",
    ],
    ["precision.count(update);", ""],
    // What a step that is left out leaves behind.
    ["when === undefined ? x : build.select(when, x, state)", "x"],
    ["graph.apply(less, { a: state, b: none })", "build.scale(state, 0)"],
  ]),
  ...changes("src/training/trainer.ts", precision, [
    ["const step = isSkipped ? this.#steps : ++this.#steps;", "const step = ++this.#steps;"],
  ]),
  ...changes("src/training/stored_weights.ts", precision, [
    [
      "const low = read(name + LOW).data as Int16Array;",
      "const low = new Int16Array(data.length);",
    ],
    [
      "if (!hasLow(program, name)) return [[name, narrowed(dtype, values)]];",
      "return [[name, narrowed(dtype, values)]];",
    ],
  ]),
  ...changes("src/lower/rules/half_updates.ts", precision, [
    ["keep(high, p);", ""],
    [
      'emitBinary(lowering, "subtract", operands.p!, operands.p!, zero);',
      'emitBinary(lowering, "maximum", operands.p!, operands.p!, zero);',
    ],
    ["back.push(() => assignWhere(lowering, copy, when, piece.of(state)));", ""],
  ]),
  ...changes("src/lower/lowering.ts", precision, [
    ["dtype: storage ?? value.dtype,", "dtype: value.dtype,"],
  ]),
  ...changes("src/lower/stored_initial.ts", precision, [
    [
      "Uint16Array.from(new Uint32Array(values.slice().buffer), highHalf)",
      'narrowed("bf16", values.map((x) => x * 2))',
    ],
  ]),
  ...changes("src/engines/reference/_mixed.ts", conformance, [
    ["if (isHalf(dtype)) operand!.set(row, k, toHalf(dtype, computed[j]!.get(row, k)));", ""],
    [
      "if (isHalf(dtype)) copy.set(row, k, fromHalf(dtype, operand.get(row, k)));",
      "if (isHalf(dtype)) copy.set(row, k, operand.get(row, k));",
    ],
  ]),
  ...changes("src/engines/reference/kahan_f32.ts", instructions, [
    ["q(q(sum - before) - y)", "q(sum - before)"],
  ]),
  ...changes("src/engines/reference/normalize_gradient_f32.ts", instructions, [
    ["round(sum / count)", "sum"],
    ["round(gamma * inverse)", "gamma"],
  ]),
  ...changes("src/numeric/stochastic.ts", instructions, [
    ["(random >>> 19)", "(random >>> 20)"],
    ["(random >>> 16)", "(random >>> 17)"],
    ["1 - (random >>> 8) * 2 ** -24 ? 1 : 0", "1 ? 1 : 0"],
  ]),
  ...changes("src/numeric/half.ts", numbers, [
    ["roundHalfEven(magnitude * 2 ** 24)", "Math.floor(magnitude * 2 ** 24)"],
    ["(word[0] >>> 16 & 1)", "1"],
    ["if (Number.isNaN(x)) return HALF_NAN[type];", ""],
  ]),
  ...changes("src/numeric/split_master.ts", numbers, [
    ["(bits + 0x8000) / 0x10000", "bits / 0x10000"],
    ["((high << 16) + low)", "((high << 16) | low)"],
  ]),
  ...changes("src/numeric/accumulate16.ts", [...instructions, ...numbers], [
    ["words[0] += (lost > 0) === (sum > 0) ? 1n : -1n;", ""],
    // Not to odd: beyond a boundary.
    ["if ((words[0] & 1n) === 0n) words[0]", "words[0]"],
    // Two roundings.
    ["? addOnce(type, sum, product) : next", "? roundOnce(type, Math.fround(next)) : next"],
    ["if (isAlone && order === 2) even = step(even, pairs);", ""],
    ["fused ? a[k] * b[k] : product(k)", "product(k)"],
  ]),
];
