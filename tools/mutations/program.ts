import type { Mutation } from "./mutation.ts";

const verify = "src/program/verify.ts";
const instruction = "src/program/_verify_instruction.ts";
const plan = "src/program/plan.ts";
const instance = "src/engines/base_instance.ts";
const sessions = "src/engines/_sessions.ts";
const split = "src/instructions/split.ts";
const verdicts = ["test/program"];
const runs = ["test/engines"];
const axes = ["test/instructions"];

/** Verifier, planner, and what an instance assures. */
export const PROGRAM_MUTATIONS: readonly Mutation[] = [
  { file: split, tests: axes, find: "if (found.has(a)) found.add(b);", replace: "" },
  { file: split, tests: axes, find: "kind === Sum || kind === PlusOne)) {", replace: "false)) {" },
  {
    file: split,
    tests: axes,
    find: `repeats = isRepeated ? "~" : modulus`,
    replace: "repeats = modulus",
  },
  {
    file: split,
    tests: axes,
    find: `if (repeats !== undefined && block !== "1")`,
    replace: "if (false)",
  },
  {
    file: verify,
    tests: verdicts,
    find: "stride.min < ranges[last].max) fail",
    replace: "false) fail",
  },
  { file: verify, tests: verdicts, find: "(rows - 1) * stride.max", replace: "rows * stride.max" },
  { file: verify, tests: verdicts, find: "|| end > elements", replace: "" },
  {
    file: verify,
    tests: verdicts,
    find: `if (first[tensor] < entry.first) {`,
    replace: "if (false) {",
  },
  { file: verify, tests: verdicts, find: "value < 0 || value >= limit", replace: "value > limit" },
  {
    file: verify,
    tests: verdicts,
    find: "constant(i).some((value) => value > 127)",
    replace: "false",
  },
  {
    file: instruction,
    tests: verdicts,
    find: "checkAliasing(program, spec, instruction, where);",
    replace: "",
  },
  {
    file: instruction,
    tests: verdicts,
    find: "work : work + elements(program.views[operand], ranges),",
    replace: "work : work,",
  },
  {
    file: instruction,
    tests: ["test/program", "test/conformance/conformance_test.ts"],
    find: "if (only !== undefined && dtype(operand) !== only) continue;",
    replace: "if (only !== undefined) continue;",
  },
  {
    file: plan,
    tests: verdicts,
    find: "if (last[other] < first[i] || first[other] > last[i]) continue;",
    replace: "if (last[other] <= first[i] || first[other] > last[i]) continue;",
  },
  {
    file: plan,
    tests: verdicts,
    find: "if (offset + size <= offsets[other]) break;",
    replace: "if (offset <= offsets[other]) break;",
  },
  {
    file: instance,
    tests: runs,
    find: "const ticket = ++this.#execution;",
    replace: "const ticket = this.#execution;",
  },
  { file: instance, tests: runs, find: "inputs = copyInputs(inputs);", replace: "" },
  {
    file: sessions,
    tests: runs,
    find: "this.#states.forEach((i) => this.#canonicalize(i));",
    replace: "",
  },
  { file: sessions, tests: runs, find: "owner !== this", replace: "false" },
  {
    file: "src/engines/_run_queue.ts",
    tests: runs,
    find: "last.then(done);",
    replace: "done();",
  },
  {
    file: "src/engines/_check_inputs.ts",
    tests: runs,
    find: "(i === given.length - 1 && value !== limit)",
    replace: "false",
  },
  {
    file: "src/engines/_check_inputs.ts",
    tests: runs,
    find: "seen.size === seen.add(value).size",
    replace: "false",
  },
  {
    file: "src/engines/reference/_instance.ts",
    tests: runs,
    find: "if (this.#fresh.delete(tensor)) this.bytesOf(tensor).fill(0);",
    replace: "",
  },
  {
    file: "src/engines/reference/_canonical_nan.ts",
    tests: runs,
    find: "const CANONICAL_NAN = 0x7FC00000;",
    replace: "const CANONICAL_NAN = 0x7FC00001;",
  },
  {
    file: "src/engines/_saved_state.ts",
    tests: ["test/engines", "test/conformance/instance_test.ts"],
    find: `fail("it is another program's");`,
    replace: "",
  },
];
