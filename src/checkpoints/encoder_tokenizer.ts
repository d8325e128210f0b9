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
  checkTruncation(tokenizer, config);
  checkAdded(tokenizer, config);
  const lower = sentence?.do_lower_case === true;
  const set = withClass(tokenizer, config ?? {}, lower);
  if (!lower || lowers(set.normalizer)) return set;
  return { ...set, normalizer: sequence({ type: "Lowercase" }, set.normalizer) };
}

/**
 * A class of BERT's sets a `BertNormalizer`. Before it there may be the lower-casing that
 * sentence-transformers put there, where the texts are lower-cased anyway.
 */
function withClass(tokenizer: Json, config: Json, lower: boolean): Json {
  if (!/^BertTokenizer(Fast)?$/.test(String(config.tokenizer_class))) {
    checkTypes(tokenizer);
    return tokenizer;
  }
  checkClass(tokenizer, config);
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
  return {
    ...tokenizer,
    normalizer: { ...normalizer, clean_text: true, ...Object.fromEntries(settings) },
  };
}

/** The side of tokenizer.json holds where tokenizer_config.json says none. */
function checkTruncation({ truncation }: Json, config: Json | undefined): void {
  const { direction } = (truncation ?? {}) as Json;
  if (direction !== "Left" || config?.truncation_side === "right") return;
  throw new FewbitError(
    "unsupported",
    `Cannot compile encoder: the truncation of tokenizer.json has the direction "Left"; texts are cut ` +
      "at their end",
  );
}

/** Tokens that tokenizer_config.json adds are found in texts before anything else: they change ids. */
function checkAdded({ added_tokens: added }: Json, config: Json = {}): void {
  const known = listOf(added).map((token) => (token as Json | null)?.content);
  for (
    const name of ["additional_special_tokens", "extra_special_tokens", "added_tokens_decoder"]
  ) {
    for (const token of Object.values((config[name] ?? {}) as Json)) {
      const content = typeof token === "object" ? (token as Json | null)?.content : token;
      if (known.includes(content)) continue;
      throw new FewbitError(
        "unsupported",
        `Cannot compile encoder: ${name} of tokenizer_config.json has ${
          JSON.stringify(content)
        }, ` +
          "which is no added token of tokenizer.json",
      );
    }
  }
}

/** Types of tokens are all 0: the network adds the first row of that table to each. */
function checkTypes({ post_processor: processor }: Json): void {
  const processors = [processor, ...listOf((processor as Json | null | undefined)?.processors)];
  for (const piece of processors.flatMap((each) => listOf((each as Json | null)?.single))) {
    const { Sequence, SpecialToken } = piece as Record<string, Json | undefined>;
    const type = (Sequence ?? SpecialToken)?.type_id ?? 0;
    if (type === 0) continue;
    throw new FewbitError(
      "unsupported",
      `Cannot compile encoder: the post-processor of tokenizer.json has type_id ${type}, supported is 0`,
    );
  }
}

/** BERT's class makes all but the vocabulary itself, from its tokens: tokenizer.json has to be the same. */
function checkClass(tokenizer: Json, config: Json): void {
  const named = (name: string, fallback: string): unknown => {
    const token = config[name] ?? fallback;
    return typeof token === "object" ? (token as Json).content : token;
  };
  const { model, pre_tokenizer: cut, post_processor: frame } = tokenizer as Record<
    string,
    Json | null | undefined
  >;
  const { single, cls, sep } = frame ?? {};
  const tokens = Array.isArray(single)
    ? single.map((piece) => piece?.SpecialToken?.id ?? piece?.Sequence?.id)
    : [listOf(cls)[0], "A", listOf(sep)[0]];
  const same: readonly (readonly [what: string, is: unknown, wanted: unknown])[] = [
    ["model", model?.type ?? "WordPiece", "WordPiece"],
    ["unk_token", model?.unk_token, named("unk_token", "[UNK]")],
    ["continuing_subword_prefix", model?.continuing_subword_prefix, "##"],
    ["max_input_chars_per_word", model?.max_input_chars_per_word ?? 100, 100],
    ["pre_tokenizer", cut?.type, "BertPreTokenizer"],
    [
      "post_processor",
      JSON.stringify(tokens),
      JSON.stringify([named("cls_token", "[CLS]"), "A", named("sep_token", "[SEP]")]),
    ],
  ];
  for (const [what, is, wanted] of same) {
    if (is === wanted) continue;
    throw new FewbitError(
      "unsupported",
      `Cannot compile encoder: tokenizer_config.json is of ${config.tokenizer_class}, with which ` +
        `${what} is ${wanted}, but tokenizer.json has ${is}`,
    );
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
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
