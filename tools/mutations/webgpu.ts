import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const models = ["test/webgpu/models_test.ts"];
/** The cases of one instruction: all of them take minutes. */
const conformance = (instruction: string): readonly string[] => [
  "test/webgpu/conformance_test.ts",
  `--filter=webgpu: ${instruction} gives`,
];
const ahead = ["test/pipelines/tokens_ahead_test.ts"];
const staging = ["test/webgpu/limits_test.ts", "--filter=buffers that bytes come back in"];
const hashTable = ["test/tools/hash_table_test.ts"];
const arithmetic = ["test/webgpu/arithmetic_test.ts"];

/** The engine of GPUs. */
export const WEBGPU_MUTATIONS: readonly Mutation[] = [
  ...changes("src/engines/webgpu/instance.ts", models, [
    ["signal?.throwIfAborted();\n    }", "}"],
    ["this.#states.restoreLast();", ""],
  ]),
  ...changes("src/engines/webgpu/_gpu_states.ts", models, [
    ["return { at: slot * size, range", "return { at: 0, range"],
    ["if (!isChanged(tensor)) continue;", "continue;"],
    ["if (slot === undefined) this.#saved.clear();", "this.#saved.clear();"],
  ]),
  ...changes("src/engines/webgpu/_chain.ts", ["test/webgpu/chain_test.ts"], [
    ["begun(run);", ""],
    [
      "if (shared.bytesIn(to, run.values) === shared.bytesIn(from, before!.run.values)) continue;",
      "continue;",
    ],
  ]),
  ...changes("src/pipelines/text/_tokens_ahead.ts", ahead, [
    ["if (allowed !== undefined || count < 1)", "if (count < 1)"],
    ["Math.min(this.#count, room)", "this.#count"],
    ["draws + i, more]", "draws, more]"],
    ["this.#count >> 1", "this.#count"],
    ["this.#instance.rewind(past, slot);", "{}"],
  ]),
  ...changes("src/pipelines/text/_history.ts", ahead, [
    ["if (logits !== undefined) this.read(ids);", ""],
  ]),
  ...changes("src/pipelines/text/text_session.ts", ahead, [
    ["this.#history.settle();\n    const text", "const text"],
    ["if (!this.#end.signal.aborted) this.#history.settle();", ""],
  ]),
  ...changes("src/engines/webgpu/_chunks.ts", ["test/webgpu/limits_test.ts"], [
    [
      "return this.#copies.has(tensor) && this.#chunkOf(tensor) !== this.of(instruction);",
      "return false;",
    ],
  ]),
  ...changes("src/engines/webgpu/_staging.ts", staging, [
    ["if (at >= 0) return this.#free.splice(at, 1)[0];", ""],
    ["this.#free.splice(at, 1)[0]", "this.#free[at]"],
  ]),
  ...changes("src/engines/webgpu/_transfer.ts", staging, [
    ["this.#staging.unmap();", ""],
  ]),
  ...changes("src/engines/webgpu/_device.ts", ["test/webgpu/limits_test.ts"], [
    ["this.#waiting.delete(fail!);", ""],
  ]),
  ...changes("src/engines/webgpu/_places.ts", ["test/webgpu/random_programs_test.ts"], [
    ["rows * columns >= this.#reached(tensor, values);", "true;"],
  ]),
  ...changes("src/engines/webgpu/wgsl/float32.ts", conformance("softmax_f32"), [
    ["return select(a, b, y > x);", "return a;"],
  ]),
  ...changes("src/engines/webgpu/shaders/sample_i32.ts", conformance("sample_i32"), [
    ["need = part_of(reached, top_p);", "need = part_of(reached, top_p + 1u);"],
    ["(b.x == a.x && b.y < a.y)", "(b.x == a.x && b.y > a.y)"],
    ["is_kept && weight >= least &&", "is_kept &&"],
  ]),
  ...changes("src/engines/webgpu/shaders/short_conv_f32.ts", conformance("short_conv_f32"), [
    ["if (read_past(0u, s) == 0) { return 0u; }", ""],
  ]),
  ...changes("src/engines/webgpu/shaders/linear_w4.ts", conformance("linear_w4"), [
    ["& (0xffffffffu >> (8u * (4u - rest)))", ""],
  ]),
  ...changes(
    "src/engines/webgpu/shaders/attention_cached_i8.ts",
    conformance("attention_cached_i8"),
    [
      ["max(position + 1u, window) - window", "0u"],
      ['${own.replace("own", "pinned")} + zero_product(token, from_q, from_k, size)', "${own}"],
    ],
  ),
  ...changes("src/engines/webgpu/_gpu_program.ts", models, [
    ["return isWritten ? [] : [views[view].tensor];", "return [];"],
  ]),
  ...changes("src/engines/webgpu/_device.ts", models, [
    ["if (this.#failure !== undefined) throw this.#failure;", ""],
  ]),
  ...changes("src/engines/webgpu/wgsl/float32.ts", arithmetic, [
    ["if (r > 4u || (r == 4u && (q & 1u) == 1u)) { q += 1u; }", "if (r >= 4u) { q += 1u; }"],
    ["if (e < 126u) { return 0; }\n  let m = (a", "if (e < 127u) { return 0; }\n  let m = (a"],
  ]),
  ...changes("src/engines/webgpu/wgsl/integer.ts", arithmetic, [
    ["if (e > 62) { return vec2<u32>(0u); }", "if (e > 63) { return vec2<u32>(0u); }"],
  ]),
  ...changes("src/engines/webgpu/shaders/_attention.ts", conformance("attention_i8"), [
    ["codes &= 0xffffffffu >> (8u * rest);", ""],
  ]),
  ...changes("test/hosts/hashes/table.ts", hashTable, [
    ["if (hashes.size === 1) return [...hashes][0];", "return [...hashes][0];"],
    ["hash.startsWith(shown[1])", "hash !== undefined"],
    ["isSlow: shown[2] !== undefined", "isSlow: false"],
  ]),
];
