import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const sampling = ["test/text/sampler_test.ts"];
const stopping = ["test/text/stop_strings_test.ts"];
const writing = ["test/files/write_file_test.ts"];
const locking = ["test/files/file_lock_test.ts"];

/** Text, its choice, and files. */
export const TEXT_AND_FILES_MUTATIONS: readonly Mutation[] = [
  ...changes("src/text/stop_strings.ts", stopping, [
    ["end < found.end)", "end > found.end)"],
    ["this.#longest - 1", "this.#longest - 2"],
    [".sort((a, b) => b.length - a.length)", ".sort((a, b) => a.length - b.length)"],
    ["stop.length > length && ", ""],
    ["this.#pending = all.slice(keep);", "this.#pending = text.slice(keep);"],
  ]),
  ...changes("src/text/_top.ts", sampling, [
    ["scores[id] > scores[best]", "scores[id] >= scores[best]"],
    ["(x === y && a < b)", "(x === y && a > b)"],
    ["(this.#length >> 1) - 1", "(this.#length >> 1) - 2"],
  ]),
  ...changes("src/text/sampler.ts", sampling, [
    ["if (reached > part)", "if (reached >= part)"],
    ["all.temperature === 0 ? argmax(scores)", "all.temperature === 0 ? argmax(logits)"],
    ["return { id, logprob: logits[id] - total };", "return { id, logprob: logits[id] };"],
  ]),
  ...changes("src/text/generation.ts", ["test/text/generation_test.ts"], [
    [`goesOn ? state.pending : ""`, `""`],
    ["goesOn && state.held", "false"],
    ["this.#recent.push(id);\n    this.#count++", "this.#count++"],
    [`isStopped ? "" : `, ""],
    ["this.#isFinished = true;", ""],
    ["stopAtEnd ? endIds : []", "endIds"],
  ]),
  ...changes("src/pipelines/text/text_session.ts", ["test/pipelines/asynchronous_engine_test.ts"], [
    ["instance.rollback(before);", "{}"],
    [
      "this.#generation?.state ?? this.#text;\n    const messages",
      "this.#text;\n    const messages",
    ],
    ["// The slot may be another session's by now.\n      this.#assertUsable();", ""],
    ["if (this.#reading) {", "if (false) {"],
  ]),
  ...changes("src/files/write_file.ts", writing, [
    ['await open(path, "create")', 'await open(path, "write")'],
    ["await removeFile(temporary).catch(() => {});", ""],
    ["if (mode !== undefined) await setMode(path, mode);", ""],
    [
      "at += await file.write(bytes.subarray(at, at + PIECE_BYTES));",
      "at += await file.write(bytes.subarray(at, at + PIECE_BYTES)) + 1;",
    ],
  ]),
  ...changes("src/files/file_lock.ts", locking, [
    ["waits = true;", ""],
    ["if (gone === undefined) throw noLock(lock);", ""],
    ["if (!info.isDirectory) throw noLock(lock);", ""],
    ["if (!gone) return name;", ""],
  ]),
  ...changes("src/files/_lock_owner.ts", locking, [
    [`.code === "ESRCH") return true;`, `.code === "ESRCH") return false;`],
    ["/[ZX]/.test(now.state)", "false"],
    [`began !== "" && began !== now.began`, "false"],
    [`if (where.join("-") !== (await place()).join("-")) return false;`, ""],
  ]),
];
