import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const of = (
  name: string,
  test: string,
  texts: readonly (readonly [find: string, replace: string])[],
): Mutation[] => changes(`src/quantize/${name}.ts`, [`test/quantize/${test}_test.ts`], texts);

/** Sites, the rewriter and its rules, scales, calibration. */
export const QUANTIZE_MUTATIONS: readonly Mutation[] = [
  ...of("sites", "sites", [
    ["for (const uses of this.#uses.values()) uses.reverse();", ""],
    ["input === Object.keys(node.inputs)[0] ? through : undefined", "through"],
    [".filter(({ definition }) => !definition.movesOnly)", ""],
    ["Math.max(Math.abs(low), Math.abs(high))", "Math.abs(high)"],
    ["(high - low) / (2 ** bits - 1)", "(high - low) / 2 ** bits"],
  ]),
  ...of("i_vit", "i_vit", [
    ["return isScores(producer.inputs.a, producers) ? 8 : 16;", "return 16;"],
    [`op === "ConcatRows" || (`, `(`],
    [` && input === "a"`, ""],
    [`["Identity", "LayerNormalization", "Add"]`, `["Identity", "LayerNormalization"]`],
    [`if (use.kind === "output" && isNode(producer, "Linear")) return undefined;`, ""],
    ["const bits = isScores(use.node.inputs.a, producers) ? 8 : 16;", "const bits = 16;"],
    [`{ name: INPUT, bits: 8 }`, `{ name: value.name, bits: 8 }`],
    ["{ from: entry, to: PIXELS, pixelTable }", "{ from: entry, to: PIXELS }"],
  ]),
  ...of("bert", "bert", [
    [
      "? site(`${name}8`, 8) : site(`${name}16`, 16)",
      "? site(`${name}8`, 8) : site(`${name}16`, 8)",
    ],
    [`name.replace(/value$/, "context")`, "name"],
    [`return op === "Add" ? site(name, 16) : site(name, 8);`, "return site(name, 8);"],
    ["if (geluBits === 12) continue;", ""],
    ["geluBits = 12, smooth", "geluBits = 8, smooth"],
  ]),
  ...of("rewriter", "zero_point", [[
    "if (codes.zeroPoint === undefined) return codes;",
    "return codes;",
  ]]),
  ...of("rewriter", "refusals", [
    ["(this.#layers.get(name) ?? outputs) !== outputs", "false"],
    ["site !== undefined && others.length === 0", "site !== undefined"],
  ]),
  ...of("integer_builder", "rules", [
    ["divide(raw.scale, site.divisors, raw.divisors)", "raw.scale"],
    [`const to = bits === 8 ? "i8" : "i16";`, `const to = "i16";`],
    ["dyadic(a, scales.get(to)!)", "dyadic(scales.get(to)!, a)"],
  ]),
  ...of("integer_builder", "zero_point", [
    ["Int32Array.of(zeroPoint)", "Int32Array.of(-zeroPoint)"],
    [
      `if (zeroPoint !== undefined && source.kind !== "codes"`,
      `if (false && source.kind !== "codes"`,
    ],
  ]),
  ...of("integer_network", "integer_constants", [
    ["all.length === 1 ? all[0] : all[c]", "all[c]"],
    ["x.length === 1 ? y.map((value) => x[0] * value)", "x.length === 1 ? y"],
  ]),
  ...of("rules/layers", "zero_point", [
    ["return b - zeroPoint * row", "return b + zeroPoint * row"],
    ["bias === undefined && zeroPoint === undefined", "bias === undefined"],
  ]),
  ...of("rules/layers", "rules", [
    ["x.divisors === undefined ? tensor : multiplyColumns(tensor, x.divisors)", "tensor"],
    ["[...readers.get(site) ?? [], tensor]", "[tensor]"],
    ["const from = room ? x.scale.from : [];", "const from: string[] = [];"],
  ]),
  ...of("rules/activation", "rules", [
    [
      "activationTable(scale * b, outputScale * a, f)",
      "activationTable(scale, outputScale * a, f)",
    ],
    ["outputScale * a, f), c * 256)", "outputScale * a, f), 0)"],
    ["knownScale(2 ** -7)", "knownScale(2 ** -8)"],
    ["Math.fround(1.702)", "1"],
  ]),
  ...of("integer_network", "grids", [
    ["before === undefined ? a : a * before[c]", "a"],
  ]),
  ...of("rewriter", "grids", [
    ["if (codes.divisors === undefined) return codes;", "return codes;"],
    ["divisors: divisors?.slice(first, end)", "divisors"],
    ["start === undefined && before !== after", "false"],
  ]),
  ...of("_check_sites", "grids", [
    ["Math.abs(zero - zeroPoint) > 1", "false"],
    ["taken.value !== value || gridOf", "gridOf"],
    ["gridOf(taken.site) !== gridOf(site)", "false"],
  ]),
  ...of("calibrate", "grids", [
    ["packed(constant.tensor(this.scales), layout)", "constant.tensor(this.scales).data"],
  ]),
  ...of("rules/attention", "attention", [["knownScale(root)", "knownScale(1)"]]),
  ...of("rules/softmax", "attention", [
    [`?.op === "Add" ? 8 : 16`, `?.op === "Add" ? 16 : 8`],
    ["knownScale(2 ** (1 - bits))", "knownScale(2 ** -bits)"],
  ]),
  ...of("rules/attention_ragged", "attention", [
    ["const valueScale = multiply(PROBABILITY, v.scale);", "const valueScale = v.scale;"],
    ["knownScale(root)", "knownScale(1)"],
  ]),
  ...of("rules/embedding", "embedding", [
    ["dyadic(row, scale)[part]", "dyadic(scale, row)[part]"],
    ["+ reals[i];", ";"],
    ["row * factor)", "row * factor / 2)"],
    ["if (width % GROUP !== 0) {", "if (false) {"],
  ]),
  ...of("rules/prefix_rows", "prefix_rows", [
    ["codesOf(scales).slice(token.length)", "codesOf(scales).slice(0, -token.length)"],
    ["requantize(codes[i], e.multiplier, e.shift)", "requantize(codes[i], d.multiplier, d.shift)"],
    ["if (Number.isFinite(code)) return code;", "return code;"],
  ]),
  ...of("rules/input", "zero_point", [
    [
      "builder.derivedScale(`scale of input ${name}`, ruleOf(name))",
      'builder.derivedScale("scale", ruleOf(name))',
    ],
    [`const to = bits === 8 ? "i8" : "i16";`, `const to = "i8";`],
    ["{ x, scale, zeroPoint }", "{ x, scale }"],
  ]),
  ...of("calibrate", "calibrate", [
    ["if (range !== undefined) return;", ""],
    ["    run.constants();\n", ""],
    ["const axis = shape.length === 4 ? 1 : shape.length - 1;", "const axis = shape.length - 1;"],
    ["addReals(reals, toReals(codes, identity.scale.of(this.scales), width));", ""],
    ["const isScores = shape.length === 4;", "const isScores = false;"],
    ["constant.derivedFrom.every((from)", "constant.derivedFrom.some((from)"],
    [
      "f(codes[i] * (scale * before[i % width])) / after[i % width]",
      "f(codes[i] * scale) / after[i % width]",
    ],
    [`if (seen === 0) throw`, `if (false) throw`],
    ["seen += samples;", "seen++;"],
    ["if (row === undefined) return values;", "if (true) return values;"],
    [
      `return isNode(node, "Reshape") ? movedFrom(graph, node.inputs.x) : value;`,
      `return isNode(node, "Reshape") ? node.inputs.x : value;`,
    ],
  ]),
  ...of("smooth", "smooth", [
    ["scaled[at + k] *= divisors[k]", "scaled[at + k] /= divisors[k]"],
    [
      "** alpha / Math.max(weights[c], 1e-5) ** (1 - alpha)",
      "** (1 - alpha) / Math.max(weights[c], 1e-5) ** alpha",
    ],
    ["s / Math.exp(mean)", "s"],
    ["Math.max(maxima[i % width], Math.abs(w))", "Math.max(maxima[i % width], w)"],
  ]),
  ...of("token_table", "token_table", [
    ["if (error < least)", "if (error > least)"],
    ["(code & 15) << 4 * (at & 1)", "(code & 15) << 4 * (1 - (at & 1))"],
    ["largest / (7 * 255)", "largest / (8 * 255)"],
    ["Math.floor(most * 3 / 4)", "Math.floor(most * 7 / 8)"],
  ]),
  ...of("bert_calibrate", "bert_calibrate", [
    ["const ALPHA = 0.85;", "const ALPHA = 0.15;"],
    ["await pass({ smooth }, texts.length / 2)", "await pass({}, texts.length / 2)"],
    ["smoothingDivisors(maxima, maxima, 1)", "smoothingDivisors(maxima, maxima, 0.5)"],
    ["length === 0 || length > config.maxTokens", "length > config.maxTokens"],
  ]),
  ...of("observer", "observer", [
    ["Math.fround(0.95)", "Math.fround(0.9)"],
    ["Math.fround(0.05)", "Math.fround(0.1)"],
    [
      "magnitude = Math.max(magnitude, -low[c], high[c]);",
      "magnitude = Math.max(magnitude, high[c]);",
    ],
    ["const SHARE = 0.9999;", "const SHARE = 0.99;"],
    ["Math.max(maxima[c], Math.abs(values[at + c]))", "Math.max(maxima[c], values[at + c])"],
  ]),
  ...of("integer_constants", "integer_constants", [
    ["Math.max(LEAST_SCALE, floors?.[i] ?? 0)", "LEAST_SCALE"],
    [
      "Math.floor(Math.fround(Math.fround(beta[i] / g) / base))",
      "Math.round(Math.fround(Math.fround(beta[i] / g) / base))",
    ],
    ["|| g < 0 ? -least : least", "|| g < 0 ? least : least"],
    ["if (epsilon <= LARGEST_EPSILON) return;", "return;"],
  ]),
  ...of("integer_parameters", "integer_constants", [
    ["scales[i] * LEAST_INPUT_SCALE * BIAS_LIMIT", "scales[i] * BIAS_LIMIT"],
  ]),
  ...of("integer_parameters", "rules", [
    ["floor <= quantized.scales[i]", "floor >= quantized.scales[i]"],
  ]),
  ...of("rewriter", "rules", [
    ["    builder.sites.clear();\n", ""],
    ["    builder.readers.clear();\n", ""],
    ["    builder.taps.clear();\n", ""],
  ]),
  ...of("ternary_network", "ternary_network", [
    ["packBase3(trits)", "packBase3(trits.toReversed())"],
    ["attributes, { name, output })", "attributes, { name })"],
    ["constant === undefined || constant.derivedFrom.length > 0", "constant === undefined"],
  ]),
  ...of("ternary", "ternary", [["v > 0.5 ? 1", "v >= 0.5 ? 1"]]),
];
