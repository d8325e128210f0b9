/**
 * A saved conversation: `FWSE`, the bytes of the facts, their CRC-32C, the facts as JSON, and the
 * network's state, which names its program and has checksums of its own.
 */
import { FewbitError } from "../../errors.ts";
import { parseJson } from "../../json.ts";
import { crc32c } from "../../program/crc32c.ts";
import type { ChatMessage } from "../../text/chat_template.ts";
import type { GenerationState } from "../../text/generation.ts";

/** What a session has read. */
export interface SavedHistory {
  /** Tokens that the network has read. */
  readonly past: number;
  /** Ids behind them that it has not. */
  readonly unread: readonly number[];
  /** Those that it has read, where they are kept: to go back in them. */
  readonly ids?: readonly number[];
}

/** What is saved beside the network's state: less than 1 KB, the ids and the messages. */
export interface SavedSession extends GenerationState, SavedHistory {
  /** What was said, where the text is a conversation. */
  readonly messages?: readonly ChatMessage[];
}

/** `FWSE`. */
const MAGIC = 0x45535746;
const HEADER_BYTES = 12;

/** Most tokens of a conversation: programs count them in 32 bits. */
export const MAX_PAST = 2 ** 31 - 1;

/** Most ids that are kept of a conversation. */
export const MAX_IDS: number = 2 ** 17;

/** The facts are one object with lists, and messages may have tools in them. */
const BOUNDS = { maxDepth: 32, maxValues: 2 * MAX_IDS, uniqueKeys: true };

/** Facts and state as bytes. */
export function encodeSession(saved: SavedSession, state: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(saved));
  const bytes = new Uint8Array(HEADER_BYTES + text.length + state.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, text.length, true);
  view.setUint32(8, crc32c(text), true);
  bytes.set(text, HEADER_BYTES);
  bytes.set(state, HEADER_BYTES + text.length);
  return bytes;
}

/**
 * The opposite.
 *
 * @throws {FewbitError} `invalid_file` for anything else, `invalid_argument` for what are no bytes.
 */
export function decodeSession(
  bytes: Uint8Array,
  vocabularySize: number,
): { readonly saved: SavedSession; readonly state: Uint8Array } {
  const fail = (why: string): never => {
    throw new FewbitError("invalid_file", `Cannot restore session: ${why}`);
  };
  if (!(bytes instanceof Uint8Array)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot restore session: expected bytes, got ${typeof bytes}`,
    );
  }
  if (bytes.length < HEADER_BYTES) return fail(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) fail("not a saved session");
  const length = view.getUint32(4, true);
  if (length > bytes.length - HEADER_BYTES) fail("truncated");
  const text = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  if (view.getUint32(8, true) !== crc32c(text)) fail("checksum");
  const saved = parse(text, vocabularySize) ?? fail("malformed");
  return { saved, state: bytes.subarray(HEADER_BYTES + length) };
}

/** The facts, if they are what a session writes. */
function parse(text: Uint8Array, vocabularySize: number): SavedSession | undefined {
  let value: Partial<SavedSession>;
  try {
    value = parseJson("Cannot restore session", text, BOUNDS) as Partial<SavedSession>;
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { past, unread, ids, messages, recent, seed, draws, held, pending } = value;
  const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && x as number >= 0;
  const areIds = (x: unknown, most: number): x is number[] =>
    Array.isArray(x) && x.length <= most && x.every((id) => isCount(id) && id < vocabularySize);
  const good = isCount(past) && past <= MAX_PAST && isCount(seed) && isCount(draws) &&
    areIds(unread, 1) &&
    areIds(recent, 64) && typeof held === "boolean" && typeof pending === "string" &&
    (ids === undefined || areIds(ids, MAX_IDS) && ids.length === past) &&
    (messages === undefined || areMessages(messages));
  if (!good) return undefined;
  const optional = { ...ids && { ids }, ...messages && { messages } };
  return { past, unread, ...optional, recent, seed, draws, held, pending };
}

function areMessages(messages: unknown): messages is ChatMessage[] {
  return Array.isArray(messages) &&
    messages.every((message) => typeof message === "object" && typeof message?.role === "string");
}
