/** What a compiled program is, and what uses it: for messages where another kind is expected. */
import { FewbitError } from "../errors.ts";
import type { Metadata, Program } from "../program/program.ts";

/** Kinds of models by the `task` in the metadata of their programs. */
const TASKS: Readonly<Record<string, string>> = {
  "image-classification": 'this is an image classifier; use "fewbit classify" or ImageClassifier',
  "sentence-embedding": 'this is a sentence encoder; use "fewbit embed" or TextEmbedder',
  "text-generation": 'this is a language model; use "fewbit generate" or TextGenerator',
};

/** For loaders: refuses a program of another kind before its symbols are missed. */
export function expectTask(task: string, what: string): (program: Program) => void {
  return ({ metadata }) => {
    const { task: found } = metadata;
    if (found === task || typeof found !== "string" || !Object.hasOwn(TASKS, found)) return;
    throw new FewbitError("unsupported", `${what}: ${TASKS[found]}`);
  };
}

/** What a compiled program is, by its metadata. */
export function programKind(metadata: Metadata): string {
  const { task } = metadata;
  if (typeof task === "string" && Object.hasOwn(TASKS, task)) return TASKS[task];
  return "its metadata name no task that fewbit knows";
}
