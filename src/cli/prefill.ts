/** `fewbit prefill`. */
import type { Command } from "./_commander.ts";
import { ENGINES } from "../engines/load.ts";
import { checkOutput } from "../files/check_output.ts";
import { formatBytes } from "../format_bytes.ts";
import { TextGenerator } from "../pipelines/text/text_generator.ts";
import { readAll } from "./_lines.ts";
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { choice, count, writeWhole } from "./_run.ts";
import { MODEL_TEXT } from "./_sampling.ts";

/** Longest text that is read. */
const MAX_BYTES = 2 ** 26;

/** What `fewbit prefill` takes and does. */
export default function prefillCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("<file>", "Text that the system says (-: standard input)")
    .option("--model <model>", `${MODEL_TEXT} (default: a small model of Shakespeare's plays)`)
    .option("-o, --output <file>", "State to write", "system.state")
    .option(
      "--raw",
      "Read the text as it is, without the chat template: for fewbit generate --state",
    )
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .option("--context <n>", "Most tokens (default: the model's, at most 2048)")
    .option("--json", "One JSON object that says what was written")
    .addHelpText(
      "after",
      `
The state is what the network remembers of the text. It names the model, whatever its context, and nothing
is computed where it is loaded: fewbit chat --state, fewbit generate --state, lm.session(bytes).
` +
        examples(
          "fewbit prefill system.txt --model smollm2.fewbit",
          "echo 'ROMEO:' | fewbit prefill - --raw -o romeo.state --json",
        ),
    )
    .action(async (file, args) => {
      const { output, model } = args;
      await checkOutput(output, [file, ...model === undefined ? [] : [model]]);
      const engine = choice("engine", args.engine, ENGINES);
      const text = await readAll(file, MAX_BYTES);
      using lm = await TextGenerator.fromPretrained(model, {
        engine,
        signal,
        ...args.context !== undefined && { context: count("context", args.context) },
      });
      using session = lm.session();
      if (args.raw) await session.append(text, { signal });
      else await session.prefill([{ role: "system", content: text.trim() }], { signal });
      const state = await session.save();
      await writeWhole(output, state, signal);
      const { length: tokens } = session;
      if (args.json) printJson({ output, bytes: state.length, tokens });
      else print(`${output}: ${tokens} tokens, ${formatBytes(state.length)}`);
    });
}
