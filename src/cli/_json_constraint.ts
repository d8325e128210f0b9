/** Answers in JSON: what a schema allows, token by token. */
import { FewbitError } from "../errors.ts";
import type { GenerationModel } from "../pipelines/text/generation_model.ts";
import type { AnswerFormat } from "../serve/text_api.ts";
import type { TokenConstraint } from "../text/token_constraint.ts";
import { schemaText } from "./_json_schema.ts";
import { xgrammar } from "./_xgrammar.ts";
import type { Compiler } from "./_xgrammar.ts";

/** The indentation for answers in one line. */
const ONE_LINE = -1;

/** The library's view of a vocabulary, which takes a while to make. */
const COMPILERS: WeakMap<GenerationModel, Promise<Compiler>> = new WeakMap();

/**
 * What makes an answer one of a format.
 *
 * @throws {FewbitError} `invalid_argument` for a schema that is none, `limit_exceeded` for one that is too large,
 * `unsupported` for keywords that are not done, or a model whose texts have no end.
 */
export async function constrainToJson(
  { schema }: AnswerFormat,
  lm: GenerationModel,
): Promise<TokenConstraint> {
  const text = schemaText(schema ?? { type: "object" });
  const compiler = await compilerOf(lm);
  const { GrammarMatcher } = await xgrammar();
  try {
    // In one line: small models would fill a page with spaces. Of a schema only what it names.
    const isStrict = schema !== undefined;
    const compiled = await compiler.compileJSONSchema(text, false, ONE_LINE, undefined, isStrict);
    const matcher = await GrammarMatcher.createGrammarMatcher(compiled);
    return {
      allowed: () => matcher.getNextTokenBitmask(),
      accept: (id) => void matcher.acceptToken(id),
      end: () => {
        matcher.dispose();
        compiled.dispose();
      },
    };
  } catch (cause) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot answer in JSON: the schema is not understood",
      {
        cause,
      },
    );
  }
}

function compilerOf(lm: GenerationModel): Promise<Compiler> {
  const known = COMPILERS.get(lm);
  if (known !== undefined) return known;
  const making = makeCompiler(lm);
  COMPILERS.set(lm, making);
  // It may be there the next time.
  making.catch(() => COMPILERS.delete(lm));
  return making;
}

async function makeCompiler(lm: GenerationModel): Promise<Compiler> {
  const { tokenizer, vocabularySize, setup: { endIds } } = lm;
  if (endIds.length === 0) {
    throw new FewbitError("unsupported", "Cannot answer in JSON: the model has no end of a text");
  }
  const { TokenizerInfo, GrammarCompiler } = await xgrammar();
  // A special token has no text that could be part of an answer.
  const vocabulary = Array.from(
    { length: vocabularySize },
    (_, id) => tokenizer.isSpecial(id) ? "" : tokenizer.idToToken(id) ?? "",
  );
  const decoder = JSON.stringify(
    (lm.instance.program.metadata.tokenizer as { decoder?: unknown }).decoder ?? null,
  );
  const kind = decoder.includes("ByteLevel")
    ? "byte_level"
    : decoder.includes("ByteFallback")
    ? "byte_fallback"
    : "raw";
  const info = await TokenizerInfo.createTokenizerInfo(
    vocabulary,
    kind,
    false,
    vocabularySize,
    endIds,
  );
  return await GrammarCompiler.createGrammarCompiler(info, false);
}
