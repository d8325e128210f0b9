import { FewbitError } from "../../errors.ts";
import { Budget } from "../budget.ts";
import {
  byteOfToken,
  charactersAsBytes,
  strictTextOfBytes,
  textOfBytes,
} from "./bytes_as_characters.ts";
import { readMetaspace } from "./_metaspace.ts";
import { replace } from "./normalizer.ts";
import { patternOf } from "./_pattern_key.ts";
import { SectionReader } from "./section_reader.ts";

/** The longest text that ids may become, in code units. */
const MAX_DECODED = 2 ** 24;

/**
 * Changes tokens on their way to a text. Where bytes are no UTF-8, a run of them becomes U+FFFD as a whole, one
 * for each byte, as in the Rust tokenizers; with `lossy` only what is incomplete does.
 */
export type Decoder = (tokens: readonly string[], lossy: boolean) => readonly string[];

/** The section `decoder` of tokenizer.json; the tokens that are left are joined. */
export function readDecoder(section: unknown, depth = 0): Decoder {
  const reader = new SectionReader(section, "decoder", depth);
  const decode = decoderOf(reader);
  reader.end();
  return (tokens, lossy) => {
    const decoded = decode(tokens, lossy);
    if (decoded.reduce((sum, token) => sum + token.length, 0) > MAX_DECODED) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot decode: the text has more than ${MAX_DECODED} code units`,
      );
    }
    return decoded;
  };
}

function decoderOf(reader: SectionReader): Decoder {
  switch (reader.type) {
    case "Sequence": {
      const steps = reader.sections("decoders", readDecoder);
      return (tokens, lossy) => steps.reduce((tokens, step) => step(tokens, lossy), tokens);
    }
    case "ByteLevel":
      reader.ignore("add_prefix_space", "trim_offsets", "use_regex");
      return byteLevel;
    case "ByteFallback":
      return byteFallback;
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "Metaspace":
      return readMetaspace(reader).decode;
    case "WordPiece": {
      const [prefix, cleanup] = [reader.text("prefix"), reader.flag("cleanup")];
      return (tokens) => tokens.map((token, i) => wordPiece(token, i, prefix, cleanup));
    }
    case "BPEDecoder": {
      const suffix = reader.text("suffix");
      return (tokens) =>
        tokens.map((token, i) => replaceAll(token, suffix, i === tokens.length - 1 ? "" : " "));
    }
    case "CTC":
      return ctc(reader);
    case "Replace": {
      const [pattern, content] = [patternOf(reader), reader.text("content")];
      return (tokens) =>
        tokens.map((token) => replace(token, pattern, content, new Budget(token.length, "decode")));
    }
    case "Strip": {
      const content = reader.character("content");
      const [start, stop] = [reader.count("start"), reader.count("stop")];
      return (tokens) => tokens.map((token) => strip(token, content, start, stop));
    }
  }
  throw reader.unknown();
}

function byteLevel(tokens: readonly string[]): string[] {
  const bytes: number[] = [];
  for (const token of tokens) for (const byte of charactersAsBytes(token)) bytes.push(byte);
  return [textOfBytes(bytes)];
}

/** Tokens such as `<0x0A>` beside each other are UTF-8 together; each is a U+FFFD if that is none. */
function byteFallback(tokens: readonly string[], lossy: boolean): string[] {
  const decoded: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    const text = lossy ? textOfBytes(bytes) : strictTextOfBytes(bytes);
    if (text !== undefined) decoded.push(text);
    else for (const _ of bytes) decoded.push("\ufffd");
    bytes = [];
  };
  for (const token of tokens) {
    const byte = byteOfToken(token);
    if (byte !== undefined) {
      bytes.push(byte);
      continue;
    }
    flush();
    decoded.push(token);
  }
  flush();
  return decoded;
}

function wordPiece(token: string, i: number, prefix: string, cleanup: boolean): string {
  const spaced = i === 0
    ? token
    : token.startsWith(prefix)
    ? token.slice(prefix.length)
    : ` ${token}`;
  return cleanup ? cleanUp(spaced) : spaced;
}

/** What of English is written without a space, in the order in which the Rust tokenizers do it. */
const CONTRACTIONS: readonly (readonly [string, string])[] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

function cleanUp(text: string): string {
  return CONTRACTIONS.reduce((text, [from, to]) => text.replaceAll(from, to), text);
}

/** What transformers does to the whole text where `clean_up_tokenization_spaces` says so. */
export function cleanUpSpaces(text: string): string {
  return CONTRACTIONS.filter(([from]) => from !== " do not")
    .reduce((text, [from, to]) => text.replaceAll(from, to), text);
}

function ctc(reader: SectionReader): Decoder {
  const pad = reader.text("pad_token");
  const delimiter = reader.text("word_delimiter_token");
  const cleanup = reader.flag("cleanup");
  return (tokens) =>
    tokens
      .filter((token, i) => i === 0 || token !== tokens[i - 1])
      .map((token) => {
        const text = replaceAll(token, pad, "");
        return cleanup ? replaceAll(cleanUp(text), delimiter, " ") : text;
      })
      .filter((text) => text !== "");
}

/** Rust's `str::replace`, which knows no `$&`. */
function replaceAll(text: string, from: string, to: string): string {
  // An empty pattern matches between code points, not between code units.
  if (from === "") return to + [...text].map((character) => character + to).join("");
  return text.replaceAll(from, () => to);
}

function strip(token: string, content: string, start: number, stop: number): string {
  const characters = [...token];
  let [first, last] = [0, characters.length];
  while (first < Math.min(start, characters.length) && characters[first] === content) first++;
  while (
    last > 0 && characters.length - last < stop && characters[last - 1] === content
  ) last--;
  return characters.slice(first, Math.max(first, last)).join("");
}
