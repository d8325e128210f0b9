/** Options of `fewbit train` that do nothing for what is trained: said, not passed over. */
import { FewbitError } from "../errors.ts";
import type { CommandUnknownOpts } from "./_commander.ts";

const OF_TEXTS = ["tokenizer", "width", "depth", "hidden", "window"];
const OF_PICTURES = ["images", "labels", "testImages", "testLabels", "limit", "side", "augment"];

/** By what is trained, the options that are for something else. */
const UNFIT = {
  pictures: [...OF_TEXTS, "experiences"],
  // It stops at nothing that could be resumed, and its steps are those of the paper.
  replay: [
    ...OF_TEXTS,
    ...[
      "optimizer",
      "schedule",
      "decay",
      "accumulate",
      "clip",
      "average",
      "dtype",
      "master",
      "fast",
    ],
    ...["augment", "checkpoint", "resume"],
  ],
  text: [...OF_PICTURES, "replay", "experiences", "average"],
};

/**
 * Refuses options that were typed and are for something else.
 *
 * @throws {FewbitError} `invalid_argument`.
 */
export function refuseUnfit(
  command: CommandUnknownOpts,
  kind: keyof typeof UNFIT,
  trained: string,
): void {
  for (
    const { long, attributeName } of command.options.map((option) => ({
      long: option.long,
      attributeName: option.attributeName(),
    }))
  ) {
    if (command.getOptionValueSource(attributeName) !== "cli") continue;
    if (UNFIT[kind].includes(attributeName)) {
      throw new FewbitError("invalid_argument", `Option ${long} does not go with ${trained}`);
    }
  }
}
