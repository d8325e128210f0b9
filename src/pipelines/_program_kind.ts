/** What a compiled program is, and what uses it: for messages where another kind is expected. */
import type { Metadata } from "../program/program.ts";

/** Kinds of models by the `task` in the metadata of their programs. */
const TASKS: Readonly<Record<string, string>> = {
  "image-classification": 'this is an image classifier; use "fewbit classify" or ImageClassifier',
  "sentence-embedding": 'this is a sentence encoder; use "fewbit embed" or TextEmbedder',
  "text-generation": 'this is a language model; use "fewbit generate" or TextGenerator',
};

/** What a compiled program is, by its metadata. */
export function programKind(metadata: Metadata): string {
  const { task } = metadata;
  if (typeof task === "string" && Object.hasOwn(TASKS, task)) return TASKS[task];
  return "its metadata name no task that fewbit knows";
}
