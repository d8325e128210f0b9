import type { Mutation } from "./mutation.ts";

const tests = ["test/program/lower"];
const integer = "src/lower/integer.ts";
const ternary = "src/lower/ternary.ts";
const float = "src/lower/float.ts";
const lowering = "src/lower/_lowering.ts";

/** Lowering and its fusions. */
export const LOWERING_MUTATIONS: readonly Mutation[] = [
  {
    file: lowering,
    tests,
    find: "if (value === undefined || this.#outputNames.has(value.id)) return undefined;",
    replace: "if (value === undefined) return undefined;",
  },
  {
    file: lowering,
    tests,
    find: "node?.op === op && this.#consumers.get(value.id)?.length === 1 ? node",
    replace: "node?.op === op ? node",
  },
  {
    file: lowering,
    tests,
    find: "return this.#consumers.get(x.id)?.length === 2 ? before : undefined;",
    replace: "return before;",
  },
  {
    file: lowering,
    tests,
    find: "return this.#outputNames.has(value.id) ? [] : this.#consumers.get(value.id) ?? [];",
    replace: "return this.#consumers.get(value.id) ?? [];",
  },
  {
    file: lowering,
    tests,
    find: "if (x === undefined || this.#outputNames.has(x.id)) return undefined;",
    replace: "if (x === undefined) return undefined;",
  },
  {
    file: integer,
    tests,
    find: `if (identity !== undefined || node.attributes.to === "i32") return undefined;`,
    replace: `if (node.attributes.to === "i32") return undefined;`,
  },
  {
    file: integer,
    tests,
    find: `if (zeroPoint !== undefined && op !== "LinearInteger") return undefined;`,
    replace: "",
  },
  {
    file: integer,
    tests,
    find: `if (identity === undefined || node.attributes.to !== "i16") return undefined;`,
    replace: "if (identity === undefined) return undefined;",
  },
  {
    file: integer,
    tests,
    find: "identity.shape.length !== x!.shape.length) return undefined;",
    replace: "false) return undefined;",
  },
  {
    file: integer,
    tests,
    find:
      `if (inner === undefined || inner.inputs[3] !== undefined || inner.attributes.to !== "i16") {`,
    replace: "if (inner === undefined || inner.inputs[3] !== undefined) {",
  },
  {
    file: integer,
    tests,
    find: "  if (inner.inputs[6] !== undefined) return undefined;\n",
    replace: "",
  },
  {
    file: integer,
    tests,
    find: "inputs[3] === undefined && inputs[6] === undefined && attributes.to",
    replace: "inputs[6] === undefined && attributes.to",
  },
  {
    file: integer,
    tests,
    find:
      "multiplier2: second.multiplier,\n    shift2: second.shift,\n    y: lowering.result(first",
    replace:
      "multiplier2: second.multiplier,\n    shift2: second.multiplier,\n    y: lowering.result(first",
  },
  {
    file: integer,
    tests,
    find: `if (table!.dtype !== "i8" || table!.shape[0] !== 1) return [];`,
    replace: `if (table!.dtype !== "i8") return [];`,
  },
  {
    file: integer,
    tests,
    find: `if (node.inputs[3] !== undefined || node.attributes.to !== "i8") return undefined;`,
    replace: "if (node.inputs[3] !== undefined) return undefined;",
  },
  {
    file: integer,
    tests,
    find:
      "if ([node, first, second].some((stage) => stage?.inputs[6] !== undefined)) return undefined;",
    replace: "",
  },
  { file: integer, tests, find: "mask: lowering.optional(softmax.inputs[2]),", replace: "" },
  {
    file: float,
    tests,
    find: "!sameShape(a!.shape, b!.shape)) return undefined;",
    replace: "false) return undefined;",
  },
  { file: float, tests, find: "if (add !== undefined) nodes.push(add);", replace: "" },
  {
    file: ternary,
    tests,
    find: "!sameShape(a!.shape, b!.shape)) return undefined;",
    replace: "false) return undefined;",
  },
  {
    file: ternary,
    tests,
    find: `readers.length > 0 && readers.every((reader) => reader.op === "BitLinear")`,
    replace: `readers.some((reader) => reader.op === "BitLinear")`,
  },
  {
    file: ternary,
    tests,
    find: `op === "BitLinear" && attributes.epsilon === epsilon`,
    replace: `op === "BitLinear"`,
  },
  { file: ternary, tests, find: "offset: times(rows, at * columns),", replace: "offset: 0," },
];
