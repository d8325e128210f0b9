import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const blocks = ["test/formats/gguf_blocks_test.ts"];
const llama2c = ["test/formats/llama2c_test.ts"];
const config = ["test/models/llama_config_test.ts"];
const model = ["test/models/llama_test.ts"];
const rules = ["test/lower/rules/rules_test.ts"];
const caches = ["test/engines/row_caches_test.ts"];
const checkpoints = ["test/pipelines/llama_checkpoints_test.ts"];
const generator = ["test/pipelines/llama_generator_test.ts"];

/** Llamas: their files, their network, their caches. */
export const LLAMA_MUTATIONS: readonly Mutation[] = [
  ...changes("src/formats/gguf_blocks/q4_1.ts", blocks, [
    ["d * (pair >> 4) + m", "d * (pair >> 4)"],
  ]),
  ...changes("src/formats/gguf_blocks/q5_0.ts", blocks, [
    ["fifth >> HALF + i & 1", "fifth >> i & 1"],
    ["(pair >> 4 | ", "(pair & 15 | "],
  ]),
  ...changes("src/formats/gguf_blocks/_k_scales.ts", blocks, [
    ["bytes[b + 4] & 15 | bytes[b - 4] >> 6 << 4", "bytes[b + 4] & 15 | bytes[b] >> 6 << 4"],
    ["halfAt(bytes, at + 2) * least", "halfAt(bytes, at) * least"],
  ]),
  ...changes("src/formats/gguf_blocks/q5_k.ts", blocks, [
    ["(bytes[at + 16 + i] >> j & 1) << 4", "(bytes[at + 16 + i] >> i & 1) << 4"],
  ]),
  ...changes("src/formats/gguf_blocks/q6_k.ts", blocks, [
    ["half * 64 + (plane & 1) * PLANE", "half * 64 + (plane >> 1) * PLANE"],
    ["(from + i >> 4)", "(from + i >> 5)"],
  ]),
  ...changes("src/formats/gguf_blocks/tq1_0.ts", blocks, [
    ["* power & 255) * 3", "* power) * 3"],
  ]),
  ...changes("src/formats/gguf_blocks/mod.ts", blocks, [
    ["(shape.at(-1) ?? 1) % type.values !== 0 || ", ""],
    ["|| bytes.length !== blocks * type.bytes", ""],
  ]),
  ...changes("src/formats/llama2c.ts", llama2c, [
    ["if (at === size) return { header, tensors };", "return { header, tensors };"],
    ["const begin = at;", "const begin = at + 4;"],
    ["heads % kvHeads === 0;", "true;"],
    ["if (at === bytes.length) return pieces;", "return pieces;"],
    ["if (end > bytes.length) {", "if (false) {"],
  ]),
  ...changes("src/models/llama_config.ts", config, [
    [`if (type !== "default") {`, "if (false) {"],
    ["if (heads % kvHeads !== 0) {", "if (false) {"],
    ["if (window !== undefined) {", "if (false) {"],
    [`size(config, "num_key_value_heads", heads)`, `size(config, "num_key_value_heads", 1)`],
    ["inner ?? fallback", "fallback"],
  ]),
  ...changes("src/models/llama.ts", model, [
    ["const isApart = heads > 0 && !this.#config.interleaved;", "const isApart = heads > 0;"],
  ]),
  ...changes("src/models/_interleave_halves.ts", model, [
    ["(place >> 1) + (place & 1) * half", "(place >> 1) * half + (place & 1)"],
  ]),
  ...changes("src/models/_decoder_parts.ts", model, [
    ["Math.fround(1 / Math.sqrt(headSize))", "Math.fround(1 / headSize)"],
    ["rotaryFrequencies(theta, headSize)", "rotaryFrequencies(10_000, headSize)"],
  ]),
  ...changes("src/numeric/phase.ts", ["test/numeric/phase_test.ts"], [
    ["quarter & 1 ? [sine, cosine]", "quarter & 2 ? [sine, cosine]"],
    ["quarter + 1 & 2 ? -c : c", "quarter & 2 ? -c : c"],
    ["base ** (-2 * i / size)", "base ** (-i / size)"],
  ]),
  ...changes("src/lower/sessions.ts", rules, [
    ["x: lowering.operand(inputs.v), ...sessions", "x: lowering.operand(inputs.k), ...sessions"],
  ]),
  ...changes("src/lower/rules/decoder.ts", rules, [
    ["group: (inputs.q.shape[1] as number) / (inputs.k.shape[1] as number)", "group: 1"],
  ]),
  ...changes("src/lower/rules/decoder.ts", model, [
    [`isShared ? lowering.weight(table, "panel_8") : `, ""],
  ]),
  ...changes("src/engines/_row_caches.ts", caches, [
    ["if (past[s] < this.lengths[session]) this.#overwritten[session]++;", ""],
    ["this.lengths[session] = past[s] + offsets[s + 1] - offsets[s];", ""],
    ["slot === undefined || session === slot", "session === slot"],
    ["if (this.#keepsRows && sessions.some(isWritten)) return false;", ""],
  ]),
  ...changes("src/engines/sessions.ts", caches, [
    ["if (tooMany !== undefined) {", "if (false) {"],
    ["this.#caches?.set(this.#lengths(slot).map(() => 0), slot);", ""],
    ["this.#caches?.set(lengths, slot);", ""],
  ]),
  ...changes("src/checkpoints/_gguf_llama.ts", checkpoints, [
    ["if (value === size) continue;", "continue;"],
    [`tie_word_embeddings: !tensors.has("output.weight")`, "tie_word_embeddings: true"],
    ["rope_interleaved: true,", ""],
    [
      `if (typeof architecture !== "string" || !Object.hasOwn(ARCHITECTURES, architecture)) {`,
      "if (false) {",
    ],
  ]),
  ...changes("src/checkpoints/_llama2c.ts", checkpoints, [
    [
      'w2: "mlp.down_proj.weight",\n  w3: "mlp.up_proj.weight"',
      'w3: "mlp.down_proj.weight",\n  w2: "mlp.up_proj.weight"',
    ],
    ["rope_interleaved: true,", ""],
  ]),
  ...changes("src/text/_gguf_byte_pair.ts", ["test/text/gguf_tokenizer_test.ts"], [
    ["individual_digits: true", "individual_digits: false"],
  ]),
  ...changes("src/text/llama2c_tokenizer.ts", ["test/text/llama2c_tokenizer_test.ts"], [
    [`text.replaceAll(" ", "▁")`, "text"],
  ]),
  ...changes("src/pipelines/text/_fitted_options.ts", generator, [
    ["Math.max(context - after, 0) + 1;", "Math.max(context - after, 0);"],
  ]),
  ...changes("src/pipelines/text/_language_model.ts", generator, [
    ["this.context = symbols.context ?? MAX_PAST;", "this.context = MAX_PAST;"],
  ]),
];
