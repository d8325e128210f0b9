import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const examples = ["test/cli/examples_test.ts"];
const parameters = ["test/cli/quantize_params_test.ts"];
const embedding = ["test/cli/embeddings_test.ts"];

/** What commands print. */
export const COMMAND_LINE_MUTATIONS: readonly Mutation[] = [
  ...changes("src/cli/_print.ts", examples, [
    ["JSON.stringify(snakeKeys(value))", "JSON.stringify(value)"],
  ]),
  ...changes("src/cli/_agreement.ts", ["test/cli/agreement_test.ts"], [
    ["(begin.length - 1 + i) * columns", "(begin.length + i - 2) * columns"],
    ["(id, i) => id !== own[i]", "(id, i) => id === own[i]"],
  ]),
  ...changes("src/cli/_run.ts", examples, [
    ["if (!isTerminal(STDERR)) return", "if (isTerminal(STDERR)) return"],
  ]),
  ...changes("src/cli/embed.ts", examples, [
    ["if (options.json) {", "if (false) {"],
  ]),
  ...changes("src/cli/search.ts", embedding, [
    ["...added && { added }", ""],
    ["return updated.report;", "return undefined;"],
  ]),
  ...changes("src/cli/_quantize_text.ts", ["test/cli/convert_llama_test.ts"], [
    ["{ output, bytes, bits, seconds }", "{ output, bytes: 0, bits, seconds }"],
  ]),
  ...changes("src/cli/_quantize_text.ts", parameters, [
    [".length === 1) await work.remove()", ".length === 0) await work.remove()"],
    ["if (length < SHORTEST)", "if (false)"],
  ]),
  ...changes("src/cli/quantize.ts", parameters, [
    ["...readsParams ? [params] : []]", "]"],
    ["if (readsParams) refuseUnfit", "if (!params) refuseUnfit"],
    ['if (!stages.includes("end-to-end"))', "if (false)"],
  ]),
  ...changes("src/files/check_output.ts", ["test/cli/quantize_params_test.ts"], [
    ["if (places.has(place))", "if (place === path)"],
  ]),
];
