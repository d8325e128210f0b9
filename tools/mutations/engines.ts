import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const runs = [
  "test/engines/begin_test.ts",
  "test/engines/fresh_test.ts",
  "test/engines/lifetime_test.ts",
];
const inputs = ["test/engines/check_inputs_test.ts"];
const symbols = ["test/engines/symbol_values_test.ts"];
const slices = ["test/engines/slices_test.ts"];
const queue = ["test/engines/run_queue_test.ts"];
const loop = ["test/event_loop_test.ts"];
const pipelines = ["test/pipelines/responsive_test.ts"];
const kinds = ["test/pipelines/model_kinds_test.ts"];
const images = ["test/pipelines/image_inputs_test.ts", "test/pipelines/image_classifier_test.ts"];

/** What an instance assures. */
export const ENGINE_MUTATIONS: readonly Mutation[] = [
  ...changes("src/engines/base_instance.ts", runs, [
    ["const ticket = ++this.#execution;", "const ticket = this.#execution;"],
    ["inputs = copyInputs(inputs);", ""],
  ]),
  ...changes("src/engines/sessions.ts", runs, [
    ["this.#states.forEach((i) => this.#canonicalize(i));", ""],
  ]),
  ...changes("src/engines/sessions.ts", ["test/engines/wasm/instance_test.ts"], [
    ["if (held === undefined) {", "if (false) {"],
  ]),
  ...changes("src/engines/run_queue.ts", queue, [
    ["last.then(done);", "done();"],
    ["this.#length++ === 0", "++this.#length === 0"],
    ["      this.#length--;\n", ""],
  ]),
  ...changes("src/engines/_check_inputs.ts", inputs, [
    ["(i === given.length - 1 && value !== limit)", "false"],
    ["seen.size === seen.add(value).size", "false"],
    ["value + (offsets[i + 1] - offsets[i]) > limit", "value > limit"],
    ["i === 0 ? value !== 0 : value < given[i - 1]", "value < given[i - 1]"],
    ["value < 0 || value >= limit", "value >= limit"],
    ["if (data.byteLength !== bytes) {", "if (data.byteLength < bytes) {"],
  ]),
  ...changes("src/engines/check_type.ts", inputs, [
    ["if (holds(dtype, data)) return;", "return;"],
    [`dtype === "u8" && data`, "data"],
  ]),
  ...changes("src/engines/expect_tensor.ts", ["test/engines/expect_tensor_test.ts"], [
    ["if (tensor.dtype === dtype)", "if (true)"],
    ["!Object.hasOwn(tensors, name)", "!(name in tensors)"],
  ]),
  ...changes("src/engines/_symbol_values.ts", symbols, [
    ["|| value < min || value > max", "|| value > max"],
    ["if (Number.isInteger(value) && value >= min && value <= max) return value;", "return value;"],
    [`symbol.name === name && symbol.kind === "run"`, "symbol.name === name"],
    ["rest *= terms[0][0];", ""],
    ["} else unknown = 2;", "}"],
    ["if (min === max && terms", "if (terms"],
    ["constant === 0 && modulus < 0", "modulus < 0"],
  ]),
  ...changes("src/engines/_slices.ts", slices, [
    ["entry === this.#entry && ", ""],
    ["symbols.every((value, i) => value === this.#symbols[i])", "true"],
    ["    this.#part = 0;\n    if (entry", "    if (entry"],
    ["instructions.slice(first, first + count)", "instructions.slice(0, count)"],
    ["parts === 1 && end < count", "end < count"],
    ["!keeps(this.#program, instructions[first + done])", "true"],
    ["WRITE_THREE.includes(opcode) ? -3 : -2", "-2"],
    ["Math.min(MOST_GROWTH * this.#factor, this.#measured / this.#estimated)", "this.#factor"],
    ["MOST_GROWTH * this.#factor, ", ""],
    ["if (this.#measured < LEAST_MS) return;", ""],
    [`tensors[first.tensor].region === "constant" ? 0 : sizeOf(first)`, "sizeOf(first)"],
    ["lengthOf(view, -2)", "1"],
    ["others.some(({ tensor })", "[first, ...others].some(({ tensor })"],
    ["? -3 : -2", "? -3 : -1"],
  ]),
  ...changes("src/engines/base_instance.ts", ["test/engines/in_slices_test.ts"], [
    ["while (this.#slices.isInside) this.#slice(this.#slices.entry);", ""],
    ["if (part + 1 === parts) progress.done += count;", "progress.done += count;"],
    ["await pauseIfDue(signal, ms);", "await pauseIfDue(undefined, ms);"],
    ["await workBegins(signal);", ""],
    [
      "get #usable(): Sessions {\n    this.#settle();",
      "get #usable(): Sessions {\n    this.assertUsable();",
    ],
  ]),
  ...changes("src/engines/or_abort.ts", queue, [
    ["if (signal.aborted) abort();", ""],
  ]),
  ...changes("src/event_loop.ts", loop, [
    ["Math.max(before, ++woken)", "1"],
    ["if (asked === turns) {", "if (true) {"],
    ["if (host.now() - seen >= STRETCH_MS) begin(1);", ""],
    [" || estimated >= allowed", ""],
    ["  estimated = 0;\n}", "}"],
  ]),
  ...changes("src/event_loop.ts", pipelines, [
    ["  signal?.throwIfAborted();\n", ""],
  ]),
  ...changes("src/numeric/unpack.ts", ["test/numeric/unpack_test.ts"], [
    ["distance > 1 ? distance - 1 : other", "distance > 1 ? distance - 1 : last"],
    ["other = before;", ""],
    ["(found >> 1) - 1;", "found >> 1;"],
    ["if (lengths[i] === 0) i += take(8);", "if (lengths[i] === 0) take(8);"],
  ]),
  ...changes("src/engines/reference/_instance.ts", runs, [
    ["if (this.#fresh.delete(tensor)) this.bytesOf(tensor).fill(0);", ""],
  ]),
  ...changes("src/engines/canonical_nan.ts", runs, [
    ["const CANONICAL_NAN = 0x7FC00000;", "const CANONICAL_NAN = 0x7FC00001;"],
  ]),
  ...changes("src/engines/_saved_state.ts", ["test/engines/saved_state_test.ts"], [
    [`fail("it is another program's: states are of one model only");`, ""],
    [
      `if (view.getUint32(24, true) !== crc32c(saved.subarray(HEADER_BYTES))) fail("checksum");`,
      "",
    ],
  ]),
  ...changes("src/engines/load.ts", kinds, [["source !== null && ", ""]]),
  ...changes("src/pipelines/image/image_input.ts", images, [
    [
      'throw new FewbitError("invalid_argument", `Cannot read the canvas: ${why}`, { cause })',
      "throw cause",
    ],
  ]),
  ...changes("src/pipelines/image/image_classifier.ts", images, [
    ["!Number.isSafeInteger(topK) || ", ""],
    [".slice(0, topK)", ""],
  ]),
];
