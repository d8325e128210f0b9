import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const schedules = ["test/graph/rematerialize_test.ts"];
const packing = ["test/graph/packed_stash_test.ts"];
const memory = ["test/training/memory_test.ts"];
const halves = ["test/training/half_precision_test.ts"];
const operand = ["test/gradients/activation_operand_test.ts"];

/** Memory of training: schedules, what is computed again, packed, released, and what is told of it. */
export const MEMORY_MUTATIONS: readonly Mutation[] = [
  ...changes("src/graph/schedule.ts", schedules, [
    ["first[version] < at ? now(version) : version", "version"],
    ["bytes[last[version] + 1] -= size;", "bytes[last[version]] -= size;"],
    ["const isOwn = this.memoryOf(value) === value;", "const isOwn = true;"],
  ]),
  ...changes("src/graph/recomputation.ts", schedules, [
    ["turn > place && turn < at && ids.some((id) => stored.includes(id))", "false"],
    ["between -= size;", ""],
    ["known.to = Math.max(known.to, j);", ""],
    ["if (last[version] >= at) continue;", ""],
  ]),
  ...changes("src/graph/rematerialize.ts", schedules, [
    ["(above - ways.excessWith(way, most)) / work", "above - ways.excessWith(way, most)"],
  ]),
  ...changes("src/graph/early_updates.ts", schedules, [
    ["waiting.set(turn, [...readers, ...needed]);", "waiting.set(turn, needed);"],
    ["waiting.set(turn, [...readers, ...needed]);", "waiting.set(turn, readers);"],
  ]),
  ...changes("src/graph/packed_stash.ts", packing, [
    ["packed < memory.bytesOf(value)", "packed < 0"],
    ["if (first[version] >= fullest) return [];", ""],
  ]),
  ...changes("src/training/check_settings.ts", memory, [
    ["if (!releaseGradients || waits === undefined) return;", "return;"],
  ]),
  ...changes("src/training/planned_training.ts", memory, [
    ["{ ...settings, releaseGradients: false }", "settings"],
    ["if (plan.total <= limit) return plan;", "return plan;"],
    ["(a, b) => a.work.added - b.work.added", "() => 0"],
  ]),
  ...changes("src/training/training_memory.ts", memory, [
    ["if (name.endsWith(LOW) || name.endsWith(REST)) return", "if (name.endsWith(LOW)) return"],
    [
      "kinds.program = planned.shared - constant - kinds.initial;",
      "kinds.program = planned.shared;",
    ],
    ['kinds.set(read.id, "stash");', "kinds.delete(read.id);"],
    ['kinds.set(read.id, "gradients");', "kinds.delete(read.id);"],
  ]),
  ...changes("src/gradients/rules/_activation_operand.ts", operand, [
    ["CLAMPS.includes(kind) && isExact ? y : x", "CLAMPS.includes(kind) ? y : x"],
    ["CLAMPS.includes(kind) && isExact ? y : x", "x"],
  ]),
  ...changes("src/lower/rules/half_updates.ts", halves, [
    ['master?.kind === "stochastic" ||', "false ||"],
    ["plus(placed.offset, i * size)", "placed.offset"],
  ]),
];
