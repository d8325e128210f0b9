import type { Mutation } from "./mutation.ts";

const stops = "src/text/stop_strings.ts";
const top = "src/text/_top.ts";
const sampler = "src/text/sampler.ts";
const write = "src/files/write_file.ts";
const base3 = "src/numeric/base3.ts";
const generation = "src/text/generation.ts";
const session = "src/pipelines/text/text_session.ts";
const generating = ["test/text/generation_test.ts"];
const late = ["test/pipelines/asynchronous_engine_test.ts"];
const sampling = ["test/text/sampler_test.ts"];
const stopping = ["test/text/stop_strings_test.ts"];
const files = ["test/files"];

/** Text, its choice, and files. */
export const TEXT_AND_FILES_MUTATIONS: readonly Mutation[] = [
  { file: stops, tests: stopping, find: "end < found.end)", replace: "end > found.end)" },
  { file: stops, tests: stopping, find: "this.#longest - 1", replace: "this.#longest - 2" },
  {
    file: stops,
    tests: stopping,
    find: ".sort((a, b) => b.length - a.length)",
    replace: ".sort((a, b) => a.length - b.length)",
  },
  { file: stops, tests: stopping, find: "stop.length > length && ", replace: "" },
  {
    file: top,
    tests: sampling,
    find: "scores[id] > scores[best]",
    replace: "scores[id] >= scores[best]",
  },
  { file: top, tests: sampling, find: "(x === y && a < b)", replace: "(x === y && a > b)" },
  { file: generation, tests: generating, find: `goesOn ? state.pending : ""`, replace: `""` },
  { file: generation, tests: generating, find: "goesOn && state.held", replace: "false" },
  {
    file: generation,
    tests: generating,
    find: "this.#recent.push(id);\n    this.#count++",
    replace: "this.#count++",
  },
  { file: generation, tests: generating, find: `isStopped ? "" : `, replace: "" },
  { file: generation, tests: generating, find: "this.#isFinished = true;", replace: "" },
  { file: generation, tests: generating, find: "stopAtEnd ? endIds : []", replace: "endIds" },
  { file: session, tests: late, find: "instance.rollback(before);", replace: "{}" },
  {
    file: session,
    tests: late,
    find: "this.#generation?.state ?? this.#text;\n    const saved",
    replace: "this.#text;\n    const saved",
  },
  {
    file: session,
    tests: late,
    find: "// The slot may be another session's by now.\n      this.#assertUsable();",
    replace: "",
  },
  { file: session, tests: late, find: "if (this.#reading) {", replace: "if (false) {" },
  { file: sampler, tests: sampling, find: "if (reached > part)", replace: "if (reached >= part)" },
  { file: write, tests: files, find: "createNew: true", replace: "create: true" },
  { file: write, tests: files, find: "await Deno.remove(temporary).catch(() => {});", replace: "" },
  {
    file: write,
    tests: files,
    find: "if (mode !== undefined) await Deno.chmod(path, mode);",
    replace: "",
  },
  {
    file: base3,
    tests: ["test/numeric/base3_test.ts"],
    find: "81 * a + 27 * b",
    replace: "27 * a + 81 * b",
  },
  {
    file: base3,
    tests: ["test/numeric/base3_test.ts"],
    find: "most <= 242",
    replace: "most <= 243",
  },
];
