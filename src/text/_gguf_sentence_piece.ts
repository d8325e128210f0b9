import { FewbitError } from "../errors.ts";
import {
  type GgufVocabulary,
  invalid,
  templateProcessing,
  TOKEN_TYPES,
} from "./_gguf_vocabulary.ts";
import type { GgufTokenizer } from "./_gguf_vocabulary.ts";

const SPACE = "▁";

/**
 * Most work for merges: the sum of the squares of the lengths of the pieces, which is what looking
 * up all their splits takes. Vocabularies in use stay below 2^25.
 */
const MAX_SPLIT_WORK = 2 ** 28;

/** Two pieces that become one. */
type Merge = readonly [left: string, right: string];

/**
 * SentencePiece's BPE, which has scores in the place of merges: of all neighbours that are a piece
 * together, those of the highest score become one first.
 */
export function sentencePieceTokenizer(vocabulary: GgufVocabulary): GgufTokenizer {
  const vocab = vocabulary.ids();
  const addBos = vocabulary.flag("add_bos_token", true);
  const addEos = vocabulary.flag("add_eos_token", false);
  const prefix = vocabulary.flag("add_space_prefix", true);
  const unknown = vocabulary.token("unknown_token_id");
  const spaces = { type: "Replace", pattern: { String: " " }, content: SPACE };
  return {
    tokenizerJson: {
      version: "1.0",
      added_tokens: vocabulary.addedTokens(),
      normalizer: {
        type: "Sequence",
        normalizers: [...prefix ? [{ type: "Prepend", prepend: SPACE }] : [], spaces],
      },
      pre_tokenizer: null,
      post_processor: templateProcessing(
        vocab,
        addBos ? vocabulary.token("bos_token_id") : undefined,
        addEos ? vocabulary.token("eos_token_id") : undefined,
      ),
      decoder: {
        type: "Sequence",
        decoders: [
          { type: "Replace", pattern: { String: SPACE }, content: " " },
          { type: "ByteFallback" },
          { type: "Fuse" },
          ...prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
        ],
      },
      model: {
        type: "BPE",
        ...(unknown !== undefined && { unk_token: unknown }),
        fuse_unk: true,
        byte_fallback: true,
        ignore_merges: false,
        vocab,
        merges: mergesOf(vocabulary),
      },
    },
    tokenizerConfig: vocabulary.config(addBos, addEos),
  };
}

/** Every split of a piece into two pieces, by falling score, then by ids. */
function mergesOf(vocabulary: GgufVocabulary): Merge[] {
  const { tokens, types } = vocabulary;
  const scores = vocabulary.numbers("scores");
  if (scores === undefined) throw invalid("a SentencePiece vocabulary has no scores");
  const normal = tokens.map((_, id) => id).filter((id) => types[id] === TOKEN_TYPES.normal);
  const work = normal.reduce((sum, id) => sum + tokens[id].length ** 2, 0);
  if (work > MAX_SPLIT_WORK) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read GGUF vocabulary: its ${tokens.length} pieces are too long to be split, ` +
        `the sum of their squared lengths is ${work}, the limit ${MAX_SPLIT_WORK}`,
    );
  }
  if (normal.some((id) => Number.isNaN(scores[id]))) throw invalid("a score is NaN");
  const ids = new Map(tokens.map((token, id) => [token, id]));
  return normal
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .flatMap((id) => splits(tokens[id], ids));
}

function splits(piece: string, ids: ReadonlyMap<string, number>): Merge[] {
  const found: [left: number, right: number, merge: Merge][] = [];
  for (let at = 1; at < piece.length; at++) {
    // Between the halves of a surrogate pair is no split: both would be ill-formed.
    const right = ids.get(piece.slice(at));
    if (right === undefined) continue;
    const left = ids.get(piece.slice(0, at));
    if (left !== undefined) found.push([left, right, [piece.slice(0, at), piece.slice(at)]]);
  }
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , merge]) => merge);
}
