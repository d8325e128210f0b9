/** Conversations that have become longer than a model's context. */
import type { GenerationModel } from "../pipelines/text/generation_model.ts";
import type { ChatMessage } from "../text/chat_template.ts";

/** Messages that fit. */
export interface FittingMessages {
  readonly messages: readonly ChatMessage[];
  /** How many were left out. */
  readonly dropped: number;
}

/**
 * Leaves out the oldest messages, but for what the system said at the beginning, until the context has room for
 * an answer. What is left begins with a user's message. The last message stays, whether it fits or not.
 *
 * @param room Tokens of the answer.
 */
export async function fitMessages(
  lm: GenerationModel,
  all: readonly ChatMessage[],
  room: number,
): Promise<FittingMessages> {
  const first = all.findIndex(({ role }) => role !== "system");
  const begin = all.slice(0, first);
  for (let from = first;;) {
    const messages = [...begin, ...all.slice(from)];
    const next = all.findIndex(({ role }, i) => i > from && role === "user");
    const { length } = await lm.encodeChat(messages);
    if (length + room <= lm.context || next < 0) return { messages, dropped: from - first };
    from = next;
  }
}
