import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const models = ["test/webgpu/models_test.ts"];
const conformance = ["test/webgpu/conformance_test.ts"];
const hashTable = ["test/tools/hash_table_test.ts"];
const arithmetic = ["test/webgpu/arithmetic_test.ts"];

/** The engine of GPUs. */
export const WEBGPU_MUTATIONS: readonly Mutation[] = [
  ...changes("src/engines/webgpu/instance.ts", models, [
    ["(tensor) => this.#sessions.isCopied(tensor),", "() => false,"],
    ["const at = (slot ?? 0) * size;", "const at = 0;"],
    ["signal?.throwIfAborted();\n    }", "}"],
  ]),
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
  ...changes("src/engines/webgpu/shaders/_attention.ts", conformance, [
    ["codes &= 0xffffffffu >> (8u * rest);", ""],
  ]),
  ...changes("test/hosts/hashes/table.ts", hashTable, [
    ["if (hashes.size === 1) return [...hashes][0];", "return [...hashes][0];"],
    ["hash.startsWith(shown[1])", "hash !== undefined"],
    ["isSlow: shown[2] !== undefined", "isSlow: false"],
  ]),
];
