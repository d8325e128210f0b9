import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const weights = ["test/quantize/shifted_weights_test.ts"];
const calibrate = ["test/quantize/decoder_calibrate_test.ts"];
const gptq = ["test/quantize/gptq_test.ts"];
const moments = ["test/quantize/second_moments_test.ts", "test/quantize/decoder_moments_test.ts"];
const threads = ["test/quantize/calibration_thread_test.ts"];
const partial = ["test/cli/partial_test.ts"];
const quantize = ["test/cli/quantize_llama_test.ts"];
const shift = ["test/numeric/shared_shift_test.ts"];
const rules = ["test/lower/rules/rules_test.ts"];
const model = ["test/pipelines/integer_llama_test.ts"];

/** Llamas in integers: grids, weights, rules, and what begins behind a prefix. */
export const MOBILE_QUANT_MUTATIONS: readonly Mutation[] = [
  ...changes("src/quantize/check_decoder_grids.ts", ["test/cli/quantize_params_test.ts"], [
    ["scalesOf[kind] ?? 1", "scales.length"],
    ["prefix.ids.find((id) => id >= vocabularySize)", "prefix.ids.find(() => false)"],
    ["!layers.includes(name)", "!/^layers/.test(name)"],
    ["!expected.includes(name)", "false"],
  ]),
  ...changes("src/numeric/shared_shift.ts", shift, [
    ["if (Math.floor(largest * 2 ** shift + 0.5) === 2 ** 31) shift -= 1;", ""],
    ["Math.sign(ratio) * Math.floor(", "Math.floor("],
  ]),
  ...changes("src/quantize/shifted_weights.ts", weights, [
    ["Math.min(largest, roundHalfEven(fround(own[g] / scales[r])))", "largest"],
    ["sum += w;", "sum += codes[i];"],
    ["const LARGEST_FACTOR = 255;", "const LARGEST_FACTOR = 127;"],
  ]),
  ...changes("src/numeric/cholesky.ts", ["test/numeric/cholesky_test.ts"], [
    ["if (i === j && !(rest > 0)) return false;", ""],
    ["(a[r2 + j] - s2) / diagonal", "a[r2 + j] - s2 / diagonal"],
  ]),
  ...changes("src/quantize/gptq.ts", gptq, [
    ["diagonal[a] - diagonal[b] || a - b", "diagonal[b] - diagonal[a] || a - b"],
    ["own[j] += error * factor[i * k + j]", "own[j] += 0"],
    ["+ e2 * factor[r2 + j]", ""],
    ["damping * mean", "mean"],
  ]),
  ...changes("src/quantize/range_factors.ts", [...gptq, ...weights], [
    ["fround(-low * part)", "fround(low * part)"],
    ["diagonal[start + c] * off * off", "off * off"],
  ]),
  ...changes("src/quantize/second_moments.ts", moments, [
    ["turned.subarray(first * rows)", "turned"],
    ["moments[to + j] += sums[from + j]", "moments[to + j] = sums[from + j]"],
  ]),
  ...changes("src/quantize/decoder_moments.ts", moments, [
    ["sums[i] += moments[i]", "sums[i] = moments[i]"],
  ]),
  ...changes("src/quantize/decoder_blocks.ts", moments, [
    ["skip: withPrefix ? 0 : prefix.length", "skip: 0"],
  ]),
  ...changes("src/quantize/block_runner.ts", ["test/quantize/block_runner_test.ts"], [
    ["off[c] += x * 0;", ""],
    ["low[c] = Math.min(low[c], otherLow[c])", "low[c] = otherLow[c]"],
  ]),
  ...changes("src/quantize/block_lanes.ts", threads, [
    ["streams[w] = residual;", ""],
    ["await orAbort(asked[w], signal)", "await asked[w]"],
  ]),
  ...changes("src/quantize/asked_thread.ts", threads, [
    ["for (const { reject } of this.#waiting.values()) reject(this.#ended);", ""],
    ["const id = next++;", "const id = this.#waiting.size;"],
    ["error instanceof FewbitError ? error.code :", "false ? error.code :"],
  ]),
  ...changes("src/quantize/decoder_rounding.ts", ["test/quantize/decoder_rounding_test.ts"], [
    ["/= divisors[i] * divisors[j]", "/= divisors[i]"],
  ]),
  ...changes("src/cli/_partial.ts", partial, [
    ["if (other === key) return work;", "if (other !== undefined) return work;"],
    ["names.filter((name) => name !== KEY)", "names"],
  ]),
  ...changes("src/cli/_choose_parameters.ts", quantize, [
    [` && bits !== "w4a8"`, ""],
    [`if (bits === "w4a8") return [FEW];`, ""],
    [` || bits === "w4a8" ? NO_SHRINKING`, " ? NO_SHRINKING"],
  ]),
  ...changes("src/quantize/decoder_calibrate.ts", calibrate, [
    ["fround(max(span, radius) / 255)", "fround(span / 255)"],
    ["symmetric(2 * largest(up), 16)", "symmetric(largest(up), 16)"],
    ["Math.floor(i % columns / (columns / zeros.length))", "0"],
    ["fround(above - below) * (at - Math.floor(at))", "0"],
    ["abs(fround(size[head * headSize + c] * keys[first + c]))", "size[head * headSize + c]"],
  ]),
  ...changes("src/lower/rules/integer_decoder.ts", rules, [
    ["group: GROUPS.indexOf(group)", "group: 2"],
    ["identity: lowering.optional(inputs.identity),", ""],
    ["prefix: lowering.optional(inputs.prefix),", ""],
  ]),
  ...changes("src/quantize/rules/decoder_linear.ts", model, [
    ["?? 0) - zero * sum", "?? 0) + zero * sum"],
  ]),
  ...changes("src/quantize/rules/decoder_linear.ts", ["test/quantize/fine_down_test.ts"], [
    ["factors().shift - less", "factors().shift"],
    [`biasOf("bias high", zeroHigh)`, `biasOf("bias high", zero)`],
    ["-(2 ** (DIGIT_BITS + 1))", "-(2 ** DIGIT_BITS)"],
  ]),
  ...changes("src/quantize/shifted_weights.ts", ["test/quantize/fine_down_test.ts"], [
    ["(zero + 2 ** (DIGIT_BITS - 1)) >> DIGIT_BITS", "zero >> DIGIT_BITS"],
    ["end - 1 - own, own + end", "end - own, own + end - 1"],
  ]),
  ...changes("src/quantize/paper_sites.ts", ["test/quantize/paper_sites_test.ts"], [
    ["roundHalfEven(255 / (1 + Math.exp(-x))) / 255", "1 / (1 + Math.exp(-x))"],
    ["value / divisors[c]", "value"],
    ["own)) - zeros[0]", "own))"],
  ]),
  ...changes("src/quantize/rules/decoder.ts", model, [
    ["Math.fround(g / divisors[c])", "g"],
    ["(rotation === undefined ? 1 : Math.sqrt(k))", "1"],
  ]),
  ...changes("src/quantize/rotate_llama.ts", model, [
    ["v * rotation.signs[c] * gains![c]", "v * gains![c]"],
    ["if (adds) {", "if (adds && heads === undefined) {"],
    [`"self_attn.o_proj": { adds: true, heads: "columns" }`, `"self_attn.o_proj": { adds: true }`],
  ]),
  ...changes("src/models/_decoder_parts.ts", model, [
    ["plus: window - 1", "plus: 0"],
  ]),
  ...changes("src/pipelines/text/_language_model.ts", model, [
    ["(this.#beginsWithPrefix(ids) ? 0 : this.#prefix.length)", "this.#prefix.length"],
    ["(skipped - 1) * this.vocabularySize", "0"],
  ]),
  ...changes("src/pipelines/text/_language_model.ts", ["test/pipelines/language_model_test.ts"], [
    ["if (ids.length === 0) return behindPrefix;", ""],
  ]),
];
