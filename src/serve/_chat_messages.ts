/** The messages of a body of `POST /v1/chat/completions`. */
import type { ChatMessage } from "../text/chat_template.ts";
import { Fields, isObject } from "./_fields.ts";
import { Refusal } from "./_refusal.ts";

/** Most messages of a conversation. */
const MAX_MESSAGES = 2048;
const ROLES = ["system", "developer", "user", "assistant"];

/** Reads the messages. What is no text is refused by name: pictures, sounds, files, calls of tools. */
export function readMessages(fields: Fields): ChatMessage[] {
  const messages = fields.any("messages");
  if (messages === undefined) throw fields.refusal("messages", "messages is missing.");
  if (!Array.isArray(messages)) throw fields.wrong("messages", "an array of messages");
  if (messages.length === 0) throw fields.refusal("messages", "messages is empty.");
  if (messages.length > MAX_MESSAGES) {
    const message = `messages has ${messages.length} messages; send at most ${MAX_MESSAGES}.`;
    throw fields.refusal("messages", message);
  }
  return messages.map((message, i) => {
    const name = `messages[${i}]`;
    if (!isObject(message)) {
      throw new Refusal(400, `${name} is no object with role and content.`, { param: name });
    }
    return readMessage(new Fields(message, `${name}.`), name);
  });
}

function readMessage(fields: Fields, name: string): ChatMessage {
  const role = fields.any("role");
  if (typeof role !== "string" || !ROLES.includes(role)) {
    throw fields.wrong("role", ROLES.join(", "));
  }
  const content = contentOf(fields, name, role);
  const author = fields.text("name");
  for (const other of ["tool_calls", "function_call", "refusal", "audio", "annotations"]) {
    fields.notDone(other, []);
  }
  fields.end();
  return {
    // What OpenAI calls so now is the system message of all other models.
    role: role === "developer" ? "system" : role,
    content,
    ...author !== undefined && { name: author },
  };
}

/** A string, or parts of which all are text. */
function contentOf(fields: Fields, name: string, role: string): string {
  const content = fields.any("content");
  if (typeof content === "string") return content;
  if (content === undefined && role === "assistant") return "";
  if (!Array.isArray(content)) throw fields.wrong("content", "a string or parts of text");
  return content.map((part, i) => {
    const param = `${name}.content[${i}]`;
    if (!isObject(part)) throw new Refusal(400, `${param} is no object.`, { param });
    if (part.type !== "text") {
      const message = `${param} is of the type ${
        JSON.stringify(part.type)?.slice(0, 60)
      }; this model reads text only.`;
      throw new Refusal(400, message, { param: `${param}.type`, code: "unsupported_content" });
    }
    if (typeof part.text === "string") return part.text;
    throw new Refusal(400, `${param}.text is no string.`, { param: `${param}.text` });
  }).join("");
}
