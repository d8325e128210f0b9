import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const verdicts = ["test/program"];

/** The verifier, the planner, the language of axes. */
export const PROGRAM_MUTATIONS: readonly Mutation[] = [
  ...changes("src/instructions/split.ts", ["test/instructions"], [
    ["if (found.has(a)) found.add(b);", ""],
    ["kind === Sum || kind === PlusOne)) {", "false)) {"],
    [`repeats = isRepeated ? "~" : modulus`, "repeats = modulus"],
    [`if (repeats !== undefined && block !== "1")`, "if (false)"],
  ]),
  ...changes("src/program/verify.ts", verdicts, [
    ["stride.min < ranges[last].max) fail", "false) fail"],
    ["(rows - 1) * stride.max", "rows * stride.max"],
    ["|| end > elements", ""],
    [`if (first[tensor] < entry.first) {`, "if (false) {"],
    ["value < 0 || value >= limit", "value > limit"],
    ["!panels.isValid(constant(i))", "false"],
    [`if (stored && !isLoadTime(program, extent)) fail("extent changes between runs");`, ""],
    [`if (panels.constantOnly && region !== "constant") fail("layout");`, ""],
    ["entry.first !== end || ", ""],
    [`if (end !== length) throw`, "if (end > length) throw"],
    ["sum > (options.workLimit ?? DEFAULT_WORK_LIMIT)", "false"],
    ["bytes > (options.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES)", "false"],
    ["magnitudeOf(expression, symbolRanges) > MAX_MAGNITUDE", "false"],
  ]),
  ...changes("src/program/_verify_instruction.ts", verdicts, [
    ["checkAliasing(program, spec, instruction, where);", ""],
    ["work : work + elements(program.views[operand], ranges),", "work : work,"],
    ["value < min || value > max", "value < min"],
    [`tensor.region === "output" : isReadOnly(tensor)`, `false : isReadOnly(tensor)`],
    ["Math.min(least, indexLimits.get(view.tensor) ?? least)", "least"],
  ]),
  ...changes("src/program/_verify_instruction.ts", [
    "test/program",
    "test/conformance/conformance_test.ts",
  ], [
    [
      "if (only !== undefined && dtype(operand) !== only) continue;",
      "if (only !== undefined) continue;",
    ],
  ]),
  ...changes("src/instructions/_define.ts", verdicts, [
    ["optional ? [all, all - 1] : [all];", "optional ? [all, all - 1, all - 2] : [all];"],
  ]),
  ...changes("src/program/plan.ts", verdicts, [
    [
      "if (last[other] < first[i] || first[other] > last[i]) continue;",
      "if (last[other] <= first[i] || first[other] > last[i]) continue;",
    ],
    ["if (offset + size <= offsets[other]) break;", "if (offset <= offsets[other]) break;"],
    ["offsets[placed[position - 1]] > offset", "false"],
    ["ends[region] + GUARD_BYTES", "ends[region]"],
    [`["raw", "base3", "zero"]`, `["zero", "raw", "base3"]`],
  ]),
];
