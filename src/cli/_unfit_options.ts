/** Options that do nothing for what a command is asked for: said, not passed over. */
import { FewbitError } from "../errors.ts";
import type { CommandUnknownOpts } from "./_commander.ts";

/**
 * Refuses options that were typed and are for something else.
 *
 * @param unfit Their names, as `testImages`.
 * @param asked What is asked for.
 * @throws {FewbitError} `invalid_argument`.
 */
export function refuseUnfit(
  command: CommandUnknownOpts,
  unfit: readonly string[],
  asked: string,
): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (!unfit.includes(name) || command.getOptionValueSource(name) !== "cli") continue;
    throw new FewbitError("invalid_argument", `Option ${option.long} does not go with ${asked}`);
  }
}

/**
 * Refuses `--tokenizer` of a language model that has its own: a folder, or GGUF.
 *
 * @throws {FewbitError} `invalid_argument`.
 */
export function refuseVocabulary(command: CommandUnknownOpts, model: string): void {
  if (!/\.bin$/i.test(model)) refuseUnfit(command, ["tokenizer"], `${model}, which has its own`);
}
