/** The tokenizer of a sentence encoder as transformers and sentence-transformers set it up. */
import { FewbitError } from "../errors.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the class takes from tokenizer_config.json for the normaliser, and its defaults. */
const NORMALIZER: readonly (readonly [from: string, to: string, fallback: boolean | null])[] = [
  ["do_lower_case", "lowercase", true],
  ["strip_accents", "strip_accents", null],
  ["tokenize_chinese_chars", "handle_chinese_chars", true],
];

/**
 * tokenizer.json with what the files beside it change: where tokenizer_config.json names BERT's class, that
 * class sets its normaliser; `do_lower_case` of sentence_bert_config.json puts a lower-casing one in front.
 *
 * @throws {FewbitError} `unsupported` where the class and tokenizer.json have different normalisers.
 */
export function encoderTokenizer(
  tokenizer: Json,
  config: Json | undefined,
  sentence: Json | undefined,
): Json {
  const lower = sentence?.do_lower_case === true;
  const set = config === undefined ? tokenizer : withClass(tokenizer, config, lower);
  if (!lower || lowers(set.normalizer)) return set;
  return { ...set, normalizer: sequence({ type: "Lowercase" }, set.normalizer) };
}

/**
 * A class of BERT's sets a `BertNormalizer`. Before it there may be the lower-casing that
 * sentence-transformers put there, where the texts are lower-cased anyway.
 */
function withClass(tokenizer: Json, config: Json, lower: boolean): Json {
  if (!/^BertTokenizer(Fast)?$/.test(String(config.tokenizer_class))) return tokenizer;
  const lowers = lower || (config.do_lower_case ?? true) === true;
  const normalizer = withoutLowercase((tokenizer.normalizer ?? {}) as Json, lowers);
  if (normalizer.type !== "BertNormalizer") {
    throw new FewbitError(
      "unsupported",
      `Cannot compile encoder: tokenizer_config.json is of ${config.tokenizer_class}, but ` +
        `tokenizer.json has the normaliser ${JSON.stringify(normalizer.type ?? null)}`,
    );
  }
  const settings = NORMALIZER.map(([from, to, fallback]): [string, unknown] => [
    to,
    config[from] === undefined ? fallback : config[from],
  ]);
  return { ...tokenizer, normalizer: { ...normalizer, ...Object.fromEntries(settings) } };
}

function withoutLowercase(normalizer: Json, lower: boolean): Json {
  const { type, normalizers } = normalizer;
  if (!lower || type !== "Sequence" || !Array.isArray(normalizers)) return normalizer;
  const [first, second] = normalizers;
  return first?.type === "Lowercase" && normalizers.length === 2 ? second : normalizer;
}

function sequence(first: Json, normalizer: unknown): Json {
  const { type, normalizers } = (normalizer ?? {}) as Json;
  const rest = type === "Sequence" && Array.isArray(normalizers)
    ? normalizers
    : normalizer === undefined || normalizer === null
    ? []
    : [normalizer];
  return { type: "Sequence", normalizers: [first, ...rest] };
}

function lowers(normalizer: unknown): boolean {
  const { type, lowercase, normalizers } = (normalizer ?? {}) as Json;
  return type === "Lowercase" || type === "BertNormalizer" && lowercase === true ||
    Array.isArray(normalizers) && normalizers.some(lowers);
}
