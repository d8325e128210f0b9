import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const encoder = ["test/text/chat_encoder_test.ts"];
const cache = ["test/pipelines/prompt_cache_test.ts"];
const parts = ["test/engines/parts_test.ts"];

/** Chats, what sessions have read, rings that are saved, models in parts, programs that draw ids. */
export const CHAT_MUTATIONS: readonly Mutation[] = [
  ...changes("src/text/control_marks.ts", encoder, [
    [`text.replace(NONCHARACTERS, "\\ufffd")`, "text"],
    ["sort((a, b) => b.length - a.length)", "sort((a, b) => a.length - b.length)"],
    ["if (this.#marks.size === COUNT) {", "if (this.#marks.size > COUNT) {"],
  ]),
  ...changes("src/text/chat_encoder.ts", encoder, [
    ["marks: this.#marks.ids", ""],
    ["    this.#assertWhole();\n", ""],
  ]),
  ...changes("src/text/chat_template.ts", encoder, [
    ["(text) => this.#marks?.plain(text) ?? text,", "(text) => text,"],
  ]),
  ...changes("src/text/jinja/_from_json.ts", encoder, [
    ["[plain(key), inner(item)]", "[key, inner(item)]"],
  ]),
  ...changes("src/text/tokenizer_json/added_tokens.ts", encoder, [
    ["if (marks?.isSpecial(id)) return false;", ""],
    ["if (marks?.isSpecial(id)) return false;", "if (marks?.isControl(id)) return false;"],
  ]),
  ...changes("src/text/tokenizer_json/text_to_ids.ts", encoder, [
    ["if (!ids.some(isControl)) return;", "return;"],
  ]),
  ...changes("src/pipelines/text/_history.ts", ["test/pipelines/saved_session_test.ts"], [
    [`if (memory.kind !== "recurrent") instance.rewind(saved.past, this.#slot);`, ""],
  ]),
  ...changes("src/pipelines/text/_history.ts", cache, [
    ["const most = Math.min(ids.length, text.length - 1);", "const most = ids.length;"],
    ["while (common < most && ids[common] === text[common])", "while (common < most)"],
    ["instance.rollback(this.#mark!.snapshot);", "{}"],
    ["else instance.rewind(tokens, this.#slot);", ""],
    ["Math.max(0, past - memory.window)", "0"],
    ["Math.max(this.#oldest, past - memory.rows)", "0"],
    [
      "const more = this.#past === 0 ? this.#model.fromTheBeginning(ids) : ids;",
      "const more = ids;",
    ],
  ]),
  ...changes("src/pipelines/text/_language_model.ts", cache, [
    ["wanted - memory.window + 1", "wanted - 2 * memory.window"],
    ["return first >= oldest ? wanted : 0;", "return wanted;"],
  ]),
  ...changes("src/pipelines/text/text_session.ts", cache, [
    ["this.#text = textOf(ids.subarray(0, cachedTokens), this.#text);", ""],
    ["if (usage.cachedTokens !== undefined) await this.#history.mark();", ""],
    ["this.#model.checkLength(ids, 0);", ""],
  ]),
  ...changes("src/engines/sessions.ts", cache, [
    ["cache.isRing ? Math.min(length, cache.window) : length", "Math.min(length, rows)"],
    ["session.subarray(0, (count - (last - first)) * row),", ""],
    ["const first = (length - count) % rows;", "const first = 0;"],
  ]),
  ...changes("src/engines/parts.ts", parts, [
    [`if (sum !== expected) fail("its checksum is not that of the index");`, ""],
    ["if (reader.loaded > bytes) fail", "if (false) fail"],
    ["if (!isPartName(part?.name))", "if (false)"],
    ["      reader.close();\n", ""],
  ]),
];
