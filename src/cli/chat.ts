/** `fewbit chat`. */
import type { Command } from "./_commander.ts";
import { ENGINES } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { readFile } from "../files/read_file.ts";
import { TextGenerator } from "../pipelines/text/text_generator.ts";
import type { TextPiece } from "../pipelines/text/text_piece.ts";
import type { GenerateOptions, TextSession } from "../pipelines/text/text_session.ts";
import type { ChatMessage } from "../text/chat_template.ts";
import { DEFAULT_MAX_TOKENS } from "../text/generation.ts";
import { fitMessages } from "./_fit_messages.ts";
import { interruptible } from "./_interruptible.ts";
import { inputLines } from "./_lines.ts";
import { note, oneLine, printJson, write, writeError } from "./_print.ts";
import { examples } from "./_program.ts";
import { choice, count, writeWhole } from "./_run.ts";
import { MODEL_TEXT, samplingFlags, samplingOf } from "./_sampling.ts";
import { isTerminal, STDIN } from "./_standard_streams.ts";

const HELP = `/reset        begin anew, with the same system message
/save FILE    save the conversation, for --state
/quit         end; so does Ctrl-D
//…           a message that begins with /
Ctrl-C stops an answer, and ends the chat where there is none.`;

/** What `fewbit chat` takes and does. */
export default function chatCommand(command: Command, signal: AbortSignal): void {
  const typed = command
    .argument("<model>", `${MODEL_TEXT}; with a chat template`)
    .option("--system <text>", "What the system says first (default: what the template has)")
    .option(
      "--state <file>",
      "Go on from a saved conversation or system prompt: /save, fewbit prefill",
    )
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .option(
      "--context <n>",
      "Most tokens of the conversation (default: the model's, at most 2048)",
    );
  samplingFlags(command);
  typed
    .option("--json", "One JSON object for each answer")
    .addHelpText(
      "after",
      `\nStandard input has a message in each line. Lines that begin with /:\n${HELP}\n` +
        examples(
          "fewbit chat smollm2.fewbit --system 'You are a poet.' --seed 1",
          "echo 'Who are you?' | fewbit chat smollm2.fewbit --max-tokens 40 --json",
          "fewbit prefill system.txt --model smollm2.fewbit",
          "fewbit chat smollm2.fewbit --state system.state < questions.txt",
        ),
    )
    .action(async (model, args) => {
      const sampling = samplingOf(command);
      const engine = choice("engine", args.engine, ENGINES);
      if (args.system !== undefined && args.state !== undefined) {
        throw new FewbitError(
          "invalid_argument",
          "Cannot chat: --system and --state are one too many",
        );
      }
      const state = args.state === undefined ? undefined : await readFile(args.state);
      using lm = await TextGenerator.fromPretrained(model, {
        engine,
        signal,
        ...args.context !== undefined && { context: count("context", args.context) },
      });
      using session = lm.session(state);
      const system = args.system === undefined ? [] : [{ role: "system", content: args.system }];
      const beginning = state === undefined ? system : session.messages;
      // A model that cannot chat says so before anybody types.
      await lm.encodeChat([...beginning, { role: "user", content: "" }]);
      const chat = new Chat(lm, session, beginning, { sampling, signal, json: args.json ?? false });
      await chat.run();
    });
}

/** How a chat goes. */
interface ChatSetup {
  readonly sampling: GenerateOptions & { readonly seed: number };
  readonly signal: AbortSignal;
  readonly json: boolean;
}

/** A conversation on standard input and output. */
class Chat {
  readonly #lm: TextGenerator;
  readonly #session: TextSession;
  readonly #setup: ChatSetup;
  readonly #isTerminal = isTerminal(STDIN);
  /** What `/reset` goes back to. */
  readonly #beginning: readonly ChatMessage[];
  #messages: readonly ChatMessage[];
  /** Whether the random numbers have begun: later answers go on with them. */
  #isSeeded = false;

  constructor(
    lm: TextGenerator,
    session: TextSession,
    beginning: readonly ChatMessage[],
    setup: ChatSetup,
  ) {
    this.#lm = lm;
    this.#session = session;
    this.#setup = setup;
    this.#messages = beginning;
    this.#beginning = beginning.filter(({ role }) => role === "system");
  }

  /** Takes lines until there are none, or `/quit`. */
  async run(): Promise<void> {
    const { signal, sampling } = this.#setup;
    if (this.#isTerminal) note(`/help shows what else there is; seed ${sampling.seed}`);
    this.#ask();
    for await (const line of inputLines()) {
      signal.throwIfAborted();
      if (line === "/quit") return;
      await this.#handle(line);
      this.#ask();
    }
  }

  #ask(): void {
    if (this.#isTerminal) writeError("> ");
  }

  /** Does what a line says; at a terminal a mistake is not the end. */
  async #handle(line: string): Promise<void> {
    try {
      if (line.trim() === "") return;
      if (line.startsWith("//")) await this.#answer(line.slice(1));
      else if (line.startsWith("/")) await this.#obey(line);
      else await this.#answer(line);
    } catch (error) {
      if (!this.#isTerminal || !(error instanceof FewbitError)) throw error;
      note(oneLine(`fewbit: ${error.message}`));
    }
  }

  async #obey(line: string): Promise<void> {
    const [word, ...rest] = line.split(" ");
    const file = rest.join(" ").trim();
    if (word === "/help") note(HELP);
    else if (word === "/reset") {
      this.#messages = this.#beginning;
      this.#isSeeded = false;
    } else if (word === "/save" && file !== "") {
      const { signal } = this.#setup;
      // Behind an answer the session has all that was said; not so at the beginning, or where none came.
      if (this.#session.messages !== this.#messages) {
        await this.#session.prefill(this.#messages, { signal });
        this.#isSeeded = false;
      }
      await writeWhole(file, await this.#session.save(), signal);
      note(`${file}: ${this.#session.length} tokens`);
    } else {
      throw new FewbitError(
        "invalid_argument",
        word === "/save"
          ? "/save needs the name of a file"
          : `There is no ${word}: /help shows what there is, // begins a message with /`,
      );
    }
  }

  async #answer(content: string): Promise<void> {
    const { sampling, signal, json } = this.#setup;
    const { seed, ...options } = sampling;
    const room = Math.min(options.maxTokens ?? DEFAULT_MAX_TOKENS, this.#lm.context >> 1);
    const all = [...this.#messages, { role: "user", content }];
    const { messages, dropped } = await fitMessages(this.#lm, all, room);
    if (dropped > 0) {
      note(
        `fewbit: the context of ${this.#lm.context} tokens is full: ` +
          `the oldest ${dropped} message${dropped === 1 ? " is" : "s are"} left out from now on`,
      );
    }
    let last: TextPiece | undefined;
    const wasStopped = await interruptible(signal, async (stop) => {
      const answer = { ...options, ...!this.#isSeeded && { seed }, signal: stop };
      for await (const piece of this.#session.chat(messages, answer)) {
        this.#isSeeded = true;
        last = piece;
        if (!json) write(piece.text);
      }
    });
    const said = this.#session.messages;
    // Stopped before a word, nothing was said.
    if (said.length > messages.length) this.#messages = said;
    const finishReason = wasStopped ? "interrupted" : last?.finishReason;
    if (json) {
      const { content: text = "" } = said[messages.length] ?? {};
      printJson({
        role: "assistant",
        content: text,
        finishReason,
        ...last?.usage && { usage: last.usage },
        ...dropped > 0 && { dropped },
        seed,
      });
      return;
    }
    write("\n");
    if (finishReason === "interrupted") note("[stopped]");
    if (finishReason === "length") note("[length: --max-tokens or the context ended the answer]");
  }
}
