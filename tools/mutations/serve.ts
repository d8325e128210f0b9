import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const scheduling = [
  "test/pipelines/text_scheduler_test.ts",
  "test/pipelines/pick_batch_test.ts",
];
const refusing = ["test/serve/text_refusals_test.ts"];
const constraining = ["test/serve/text_constraints_test.ts"];
const answering = ["test/serve/text_api_test.ts"];
const schemas = ["test/cli/json_constraint_test.ts"];

/** The scheduler, the shape of OpenAI's API, answers in JSON. */
export const SERVE_MUTATIONS: readonly Mutation[] = [
  ...changes("src/pipelines/text/_pick_batch.ts", [
    ...scheduling,
    "test/pipelines/pick_batch_test.ts",
  ], [
    ["if (picked.length === limits.sequences) break;", ""],
    ["readsPrompt ? promptTokens : 1", "readsPrompt ? tokens : 1"],
    ["if (readsPrompt) promptTokens -= count;", ""],
    ["tokens -= count;\n", "\n"],
  ]),
  ...changes("src/pipelines/text/text_scheduler.ts", scheduling, [
    ["[...this.#active.filter((text) => !served.has(text)), ...served]", "[...this.#active]"],
    ["reused < ids.length - 1 &&", "reused < ids.length &&"],
    ["sequence.slot!.ids = [];\n        sequence.fail(error);", "sequence.fail(error);"],
    ["this.#work = undefined;", ""],
    ["if (signal.aborted) abort();", ""],
    ["before: 0,", "before: 1,"],
  ]),
  ...changes("src/pipelines/text/_scheduled_text.ts", scheduling, [
    ["this.past += count;", "this.past += 1;"],
    ["slot.ids.length = cachedTokens;", ""],
    ["this.#steps = [];\n    }", "}"],
  ]),
  ...changes("src/pipelines/text/_language_model.ts", scheduling, [
    ["if (wanted) rows.push(end - 1);", "if (wanted) rows.push(0);"],
  ]),
  ...changes("src/text/token_constraint.ts", scheduling, [
    ["(id & 31) & 1", "(id & 15) & 1"],
  ]),
  ...changes("src/serve/_answers.ts", answering, [
    ["generate.seed + i % n", "generate.seed"],
    ["Math.floor(i / n)", "i % n"],
  ]),
  ...changes("src/serve/_answers.ts", refusing, [
    ["if (count > scheduler.room) {", "if (false) {"],
    ["scheduler.context === NO_CONTEXT ? MAX_TOKENS : scheduler.context", "scheduler.context"],
    ["    () => gone.abort(),", "    () => {},"],
  ]),
  ...changes("src/serve/_answers.ts", constraining, [
    ["for (const constraint of left) constraint?.end?.();", ""],
    ["constraints.shift();", ""],
  ]),
  ...changes("src/serve/text_api.ts", constraining, [
    ["for (const constraint of made) constraint.end?.();", ""],
  ]),
  ...changes("src/serve/_event_stream.ts", refusing, [
    ["signal.aborted ? 499 : 500;", "signal.aborted ? 200 : 500;"],
  ]),
  ...changes("src/serve/_body.ts", refusing, [
    ["if (length > maxBodyBytes) throw tooLong;", ""],
    ["isLate = true;", ""],
    ["maxDepth: 64", "maxDepth: 1e9"],
  ]),
  ...changes("src/serve/_fields.ts", refusing, [
    ["value <= most &&", "true &&"],
    ["(!isInteger || Number.isInteger(value))", "true"],
  ]),
  ...changes("src/serve/_gateway.ts", refusing, [
    ["all | byte ^ b[i], 0) === 0) return;", "all & byte ^ b[i], 0) === 0) return;"],
    ["if (origin === null) return;", ""],
  ]),
  ...changes("src/serve/_chat_form.ts", answering, [
    ["this.#hasBegun = true;", ""],
  ]),
  ...changes("src/serve/_completion_form.ts", answering, [
    ["this.#offset += token.length;", ""],
  ]),
  ...changes("src/cli/_json_schema.ts", schemas, [
    ["if (isObject(target) && target.$ref !== undefined)", "if (false)"],
    ["if (++schemas > MAX_SCHEMAS)", "if (false)"],
    ["Number(value) <= MAX_COUNT", "true"],
  ]),
];
