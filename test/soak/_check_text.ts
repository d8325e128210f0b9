/** Whether an answer with texts is the one that its request gets alone. */
import type { ExpectedText } from "./kinds.ts";
import type { Answer } from "./_send.ts";

/** A choice, or a part of one. */
interface Choice {
  readonly index: number;
  readonly text?: string;
  readonly message?: { readonly content: string };
  readonly delta?: { readonly content?: string };
  readonly finish_reason: string | null;
}

/** What is wrong, as a sentence; undefined where nothing is. */
export function problemOfText(expected: ExpectedText, answer: Answer): string | undefined {
  const { texts, isChat, isStream } = expected;
  const bodies = isStream ? eventsOf(answer.text) : [answer.body];
  if (bodies === undefined) return `no whole stream: ${quote(answer.text.slice(-200))}`;
  const written = texts.map(() => "");
  const ends = texts.map(() => 0);
  for (const body of bodies) {
    const { choices } = (body ?? {}) as { readonly choices?: readonly Choice[] };
    if (!Array.isArray(choices)) return `no choices: ${quote(body)}`;
    for (const { index, text, message, delta, finish_reason } of choices as readonly Choice[]) {
      const part = isChat ? (isStream ? delta?.content ?? "" : message?.content) : text;
      if (typeof part !== "string" || written[index] === undefined) {
        return `another shape: ${quote(body)}`;
      }
      written[index] += part;
      if (finish_reason !== null) ends[index]++;
    }
  }
  const other = texts.findIndex((text, i) => text !== written[i] || ends[i] !== 1);
  return other < 0
    ? undefined
    : `another text than alone: ${quote(written[other])}, expected ${quote(texts[other])}`;
}

/** The events of a stream that has come to its end. */
function eventsOf(text: string): unknown[] | undefined {
  const events = text.split("\n\n");
  if (events.pop() !== "" || events.pop() !== "data: [DONE]") return undefined;
  try {
    return events.map((event) => JSON.parse(event.replace(/^data: /, "")));
  } catch {
    return undefined;
  }
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
