/** `fewbit export`. */
import type { Command } from "./_commander.ts";
import { isFolder } from "../files/read_file.ts";
import { makeFolder } from "../files/file_system.ts";
import { checkOutput } from "../files/check_output.ts";
import { formatBytes } from "../format_bytes.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { named } from "../files/named.ts";
import { trainedWeights } from "../training/trained_pictures.ts";
import { isLanguageCheckpoint, languageFiles } from "../training/language_checkpoint.ts";
import { readTrained } from "./_classifier.ts";
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { writeWhole } from "./_run.ts";

/** What `fewbit export` takes and does. */
export default function exportCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("<checkpoint>", 'What "fewbit train" wrote')
    .option("--adapters <file>", "Adapters to merge into the weights: fewbit finetune --adapters")
    .option(
      "-o, --output <path>",
      "File to write; of a language model the folder, which fewbit convert reads",
      "weights.safetensors",
    )
    .option("--json", "One JSON object that says what was written")
    .addHelpText(
      "after",
      examples(
        "fewbit export clothes.safetensors -o weights.safetensors",
        "fewbit export clothes.safetensors -o weights.safetensors --json",
      ),
    )
    .action(async (checkpoint, { adapters, output, json }) => {
      const bytes = await readTrained(checkpoint, adapters, signal);
      if (isLanguageCheckpoint(bytes)) {
        return await exportLanguage({ checkpoint, bytes, folder: output, json }, signal);
      }
      await checkOutput(output, [checkpoint, ...adapters === undefined ? [] : [adapters]]);
      const weights = await named(checkpoint, () => trainedWeights(bytes));
      const file = writeSafetensors(weights, { format: "pt" });
      await writeWhole(output, file, signal);
      if (json) printJson({ output, bytes: file.length, tensors: weights.size });
      else print(`${output}: ${weights.size} tensors, ${formatBytes(file.length)}`);
    });
}

/** Writes the folder of a language model. */
async function exportLanguage(
  { checkpoint, bytes, folder, json }: {
    readonly checkpoint: string;
    readonly bytes: Uint8Array;
    readonly folder: string;
    readonly json: true | undefined;
  },
  signal: AbortSignal,
): Promise<void> {
  const { config, tokenizer, weights } = await named(
    checkpoint,
    () => languageFiles(bytes),
  );
  if (!await isFolder(folder)) {
    await checkOutput(folder, [checkpoint]);
    await makeFolder(folder);
  }
  const text = (value: unknown): Uint8Array =>
    new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  const file = writeSafetensors(weights, { format: "pt" });
  const files = { "config.json": text(config), "tokenizer.json": text(tokenizer) };
  for (const [name, data] of Object.entries({ ...files, "model.safetensors": file })) {
    const path = `${folder}/${name}`;
    await checkOutput(path, [checkpoint]);
    await writeWhole(path, data, signal);
  }
  if (json) printJson({ output: folder, bytes: file.length, tensors: weights.size });
  else print(`${folder}: ${weights.size} tensors, ${formatBytes(file.length)}`);
}
