import { FewbitError } from "../errors.ts";
import type { ControlMarks } from "./control_marks.ts";
import { chatGlobals, Refusal } from "./jinja/chat_globals.ts";
import { Template, TemplateError } from "./jinja/template.ts";
import { isObject } from "./tokenizer_json/json.ts";

/** In UTF-16 code units. */
const MAX_TEMPLATE_LENGTH = 2 ** 20;

/** A message of a conversation. Templates may use further fields. */
export interface ChatMessage {
  /** Who speaks: `system`, `user`, `assistant`, or what else the template knows. */
  readonly role: string;
  /** What is said. */
  readonly content: string;
  /** For instance `name` or `tool_calls`. */
  readonly [field: string]: unknown;
}

/** How a conversation is rendered. */
export interface ChatOptions {
  /** End with the beginning of an answer. Default true: the network goes on from there. */
  readonly addGenerationPrompt?: boolean;
  /** Further variables of the template, such as `tools`, `documents` or `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** What a template that asks for the date gets, in local time. Default: the present. */
  readonly now?: Date;
}

/**
 * The chat template of `tokenizer_config.json`: conversations as the text a network was trained on, as
 * Jinja2 renders them with the settings of transformers. The text has the special tokens in it, so encode it
 * with `addSpecialTokens: false`.
 *
 * A template is a program of whoever made the model. It takes a bounded number of steps and amount of memory,
 * then ends in `limit_exceeded`; what of Jinja2 this does not know is refused as `unsupported`.
 *
 * @example
 * ```ts
 * import { ChatTemplate } from "@fewbit/fewbit";
 *
 * const template = ChatTemplate.fromConfig({
 *   bos_token: "<s>",
 *   chat_template:
 *     "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}",
 * });
 * console.log(template.render([{ role: "user", content: "Hi" }])); // "<s>[user] Hi\n"
 * ```
 */
export class ChatTemplate {
  readonly #template: Template;
  readonly #tokens: Readonly<Record<string, string>>;
  readonly #marks: ControlMarks | undefined;

  /**
   * Parses a template; `tokens` are variables such as `bos_token`. Throws `invalid_file` if it is no
   * template and `limit_exceeded` if it is longer than 2^20 code units.
   *
   * @param marks How special tokens of the template are marked in what it renders; see `ChatEncoder`.
   */
  constructor(
    template: string,
    tokens: Readonly<Record<string, string>> = {},
    marks?: ControlMarks,
  ) {
    if (template.length > MAX_TEMPLATE_LENGTH) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot read chat template: it has ${template.length} code units, at most ${MAX_TEMPLATE_LENGTH} are allowed`,
      );
    }
    try {
      this.#template = new Template(template, (text) => marks?.mark(text) ?? text);
    } catch (error) {
      if (error instanceof FewbitError) throw error;
      throw new FewbitError("invalid_file", `Cannot read chat template: ${messageOf(error)}`, {
        cause: error,
      });
    }
    this.#marks = marks;
    this.#tokens = Object.fromEntries(
      Object.entries(tokens).map(([name, token]) => [name, marks?.mark(token) ?? token]),
    );
  }

  /**
   * The template of a `tokenizer_config.json`, and its special tokens. Where there are several, the one
   * of that name. Throws `not_found` if there is none.
   */
  static fromConfig(
    config: Readonly<Record<string, unknown>>,
    name = "default",
    marks?: ControlMarks,
  ): ChatTemplate {
    return new ChatTemplate(templateOf(config.chat_template, name), tokensOf(config), marks);
  }

  /**
   * Renders a conversation. Throws `invalid_argument` if a message has no role or the template refuses
   * the conversation (`raise_exception`), `invalid_file` if it fails otherwise.
   */
  render(messages: readonly ChatMessage[], options: ChatOptions = {}): string {
    const { addGenerationPrompt = true, variables = {}, now = new Date() } = options;
    checkMessages(messages);
    try {
      return this.#template.render(
        { ...chatGlobals(now), ...this.#tokens },
        { ...variables, messages, add_generation_prompt: addGenerationPrompt },
        (text) => this.#marks?.plain(text) ?? text,
      );
    } catch (error) {
      if (error instanceof FewbitError) throw error;
      if (error instanceof RangeError) {
        throw new FewbitError("limit_exceeded", "Cannot render: the chat template nests too deep", {
          cause: error,
        });
      }
      const refused = error instanceof Refusal;
      if (!refused && !(error instanceof TemplateError)) throw error;
      throw new FewbitError(
        refused ? "invalid_argument" : "invalid_file",
        `Cannot render the conversation: the chat template ${refused ? "refuses it" : "fails"}: ${
          messageOf(error)
        }`,
        { cause: error },
      );
    }
  }
}

/**
 * Renders a conversation with the chat template of a `tokenizer_config.json`; see
 * {@linkcode ChatTemplate}.
 *
 * @example
 * ```ts
 * import { applyChatTemplate } from "@fewbit/fewbit";
 *
 * const config = { chat_template: "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}" };
 * console.log(applyChatTemplate(config, [{ role: "user", content: "Hi" }])); // "user: Hi\n"
 * ```
 */
export function applyChatTemplate(
  config: Readonly<Record<string, unknown>>,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): string {
  return ChatTemplate.fromConfig(config).render(messages, options);
}

function templateOf(template: unknown, name: string): string {
  if (typeof template === "string") return template;
  const named: readonly unknown[] = Array.isArray(template) ? template : [];
  const templates = named.filter(isObject);
  for (const entry of templates) {
    if (entry.name === name && typeof entry.template === "string") return entry.template;
  }
  const names = templates.map((entry) => JSON.stringify(entry.name)).join(", ");
  throw new FewbitError(
    "not_found",
    templates.length === 0
      ? "Cannot read chat template: tokenizer_config.json has no chat_template"
      : `Cannot read chat template: there is none named ${JSON.stringify(name)}, only ${names}`,
  );
}

/** `bos_token` and the like, which are strings or objects with a content. */
function tokensOf(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    if (!/^[a-z]+_token$/.test(name)) continue;
    const content = isObject(value) ? value.content : value;
    if (typeof content === "string") tokens[name] = content;
  }
  return tokens;
}

function checkMessages(messages: readonly ChatMessage[]): void {
  if (!Array.isArray(messages)) {
    throw new FewbitError("invalid_argument", "Cannot render: messages are no array");
  }
  for (const [i, message] of messages.entries()) {
    if (typeof message?.role === "string") continue;
    throw new FewbitError("invalid_argument", `Cannot render: message ${i} has no role`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
