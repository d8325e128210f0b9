/** `fewbit export`. */
import type { Command } from "./_commander.ts";
import { checkOutput } from "../files/check_output.ts";
import { formatBytes } from "../format_bytes.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { named } from "../pipelines/image/image_file.ts";
import { trainedWeights } from "../training/trained_pictures.ts";
import { readTrained } from "./_classifier.ts";
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { writeWhole } from "./_run.ts";

/** What `fewbit export` takes and does. */
export default function exportCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("<checkpoint>", 'What "fewbit train" wrote')
    .option("--adapters <file>", "Adapters to merge into the weights: fewbit finetune --adapters")
    .option("-o, --output <file>", "File to write", "weights.safetensors")
    .option("--json", "One JSON object that says what was written")
    .addHelpText(
      "after",
      examples(
        "fewbit export clothes.safetensors -o weights.safetensors",
        "fewbit export clothes.safetensors -o weights.safetensors --json",
      ),
    )
    .action(async (checkpoint, { adapters, output, json }) => {
      await checkOutput(output, [checkpoint, ...adapters === undefined ? [] : [adapters]]);
      const bytes = await readTrained(checkpoint, adapters, signal);
      const weights = await named(checkpoint, () => Promise.resolve(trainedWeights(bytes)));
      const file = writeSafetensors(weights, { format: "pt" });
      await writeWhole(output, file, signal);
      if (json) printJson({ output, bytes: file.length, tensors: weights.size });
      else print(`${output}: ${weights.size} tensors, ${formatBytes(file.length)}`);
    });
}
