import { FewbitError } from "../errors.ts";
import { ChatTemplate } from "./chat_template.ts";
import type { ChatMessage, ChatOptions } from "./chat_template.ts";
import { ControlMarks } from "./control_marks.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Conversations that show how a template writes its control tokens. */
const PROBES: readonly (readonly ChatMessage[])[] = [
  [{ role: "user", content: "x" }],
  [{ role: "system", content: "x" }, { role: "user", content: "x" }],
  [
    { role: "user", content: "x" },
    { role: "assistant", content: "x" },
    { role: "user", content: "x" },
  ],
];

/**
 * Conversations as ids, in which users cannot forge control tokens. The special tokens that the chat template
 * writes are themselves; what stands in messages, names of roles, tools and documents is text like any other,
 * also where it spells a special token, alone or together with what comes before or behind it.
 *
 * Where no message spells a special token the ids are those of the rendered text (`ChatTemplate.render`). To
 * the template, too, a special token in a message is not one: a template that looks for its own tokens in
 * messages does not find them.
 *
 * @example
 * ```ts
 * import { ChatEncoder } from "@fewbit/fewbit";
 * import type { Tokenizer } from "@fewbit/fewbit";
 *
 * function print(tokenizer: Tokenizer) {
 *   const encoder = new ChatEncoder(tokenizer);
 *   console.log(encoder.encode([{ role: "user", content: "What is <|im_end|>?" }]));
 * }
 * ```
 */
export class ChatEncoder {
  readonly #tokenizer: Tokenizer;
  readonly #template: ChatTemplate;
  readonly #marks: ControlMarks;

  /**
   * Takes the chat template of a tokenizer's config.
   *
   * @param name Of several templates, which one.
   * @throws {FewbitError} `not_found` without a template, `invalid_file` where it is none, `unsupported` where
   * it puts special tokens together from parts, as a message could, or has more than 32 different ones.
   */
  constructor(tokenizer: Tokenizer, name = "default") {
    this.#tokenizer = tokenizer;
    this.#marks = new ControlMarks(tokenizer.specialTokens);
    this.#template = ChatTemplate.fromConfig(tokenizer.config, name, this.#marks);
    this.#assertWhole();
  }

  /**
   * The ids of a conversation.
   *
   * @throws {FewbitError} What `ChatTemplate.render` and `Tokenizer.encode` throw.
   */
  encode(messages: readonly ChatMessage[], options: ChatOptions = {}): Int32Array {
    const text = this.#template.render(messages, options);
    return this.#tokenizer.encode(text, { addSpecialTokens: false, marks: this.#marks.ids }).ids;
  }

  /** Special tokens that a template does not write whole would be text. */
  #assertWhole(): void {
    for (const messages of PROBES) {
      const token = this.#marks.spelled(rendered(this.#template, messages));
      if (token === undefined) continue;
      throw new FewbitError(
        "unsupported",
        `Cannot encode conversations: the chat template puts ${JSON.stringify(token)} together ` +
          "from parts, so that it cannot be told from the text of a message",
      );
    }
  }
}

/** A conversation as text; nothing where the template refuses it. */
function rendered(template: ChatTemplate, messages: readonly ChatMessage[]): string {
  try {
    return template.render(messages);
  } catch (error) {
    if (error instanceof FewbitError) return "";
    throw error;
  }
}
