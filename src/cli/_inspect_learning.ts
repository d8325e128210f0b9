/** `fewbit inspect LLAMA --learning TOKENS`. */
import { openTextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { previewStudent } from "../compile/end_to_end/preview_student.ts";
import { FewbitError } from "../errors.ts";
import { openProgram } from "../inspect/open.ts";
import { summarize } from "../inspect/summary.ts";
import { listing } from "../inspect/text.ts";
import { isLlama, llamaConfig } from "../models/llama_config.ts";
import { encodeProgram } from "../program/encode.ts";
import { print, printJson } from "./_print.ts";

/** Prints the programs that learn a Llama's integers, a block and the head, and what they take in memory. */
export async function inspectLearning(
  model: string,
  tokens: number,
  json: boolean,
): Promise<void> {
  const { config } = await openTextCheckpoint(model);
  if (!isLlama(config)) {
    throw new FewbitError(
      "unsupported",
      `Cannot show what learns ${model}: its model_type is ${JSON.stringify(config.model_type)}`,
    );
  }
  const programs = Object.entries(previewStudent(llamaConfig(config), tokens));
  const shown = await Promise.all(
    programs.map(async ([name, program]) => {
      const { head, verified } = openProgram(await encodeProgram(program));
      return { name, summary: summarize(head, verified) };
    }),
  );
  if (json) return printJson(Object.fromEntries(shown.map(({ name, summary }) => [name, summary])));
  for (const { name, summary } of shown) {
    print([name, "", ...listing(summary, summary.entries), ""].join("\n"));
  }
}
