import type { Mutation } from "./mutation.ts";

const file = "src/graph/select_early.ts";
const tests = ["test/graph"];

/** Passes from Graph to Graph. */
export const GRAPH_MUTATIONS: readonly Mutation[] = [
  {
    file,
    tests,
    find:
      `if (op.startsWith("Softmax") && inputs[inputs.length - 1]?.dtype === "u8") return false;`,
    replace: "",
  },
  {
    file,
    tests,
    find: "(other !== undefined && other !== wanted)",
    replace: "false",
  },
  { file, tests, find: "const key = `${value.id}|${at}`;", replace: "const key = `${value.id}`;" },
  { file, tests, find: "  Add: [0, 1],", replace: "  Add: [0]," },
  { file, tests, find: "  AttentionValues: [0],", replace: "  AttentionValues: [0, 1]," },
  { file, tests, find: "  AttentionScores: [0],", replace: "  AttentionScores: [0, 1]," },
  {
    file,
    tests,
    find: "i === 0 || inputs[i] === undefined || inputs[i]!.shape.length === output.shape.length",
    replace: "true",
  },
  {
    file,
    tests,
    find: "isLocal(node, producers) && !whole.has(output.id)",
    replace: "isLocal(node, producers)",
  },
  { file, tests, find: "if (local.length === 0) whole.add(output.id);", replace: "" },
  {
    file,
    tests,
    find: "if (softmax !== undefined && !isLocal(softmax, producers)) return false;",
    replace: "",
  },
];
