/** `fewbit eval MODEL --agree OTHER`. */
import type { EngineName } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { named } from "../files/named.ts";
import { TextGenerator } from "../pipelines/text/text_generator.ts";
import { note, print, printJson } from "./_print.ts";

/** What the command line says. */
export interface AgreementRun {
  readonly model: string;
  /** The model whose greedy text is gone along. */
  readonly other: string;
  readonly prompt: string;
  readonly tokens: number;
  readonly engine: EngineName;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** How far two models say the same. */
export interface Agreement {
  /** Greedy ids of the other one, as many as both contexts have room for. */
  readonly tokens: number;
  /** Of these, behind how many of the ids before this model would take the same. */
  readonly agreed: number;
  /** How many ids both have alike before they part, each going on from its own. */
  readonly alike: number;
}

/** Ids that both go on from: behind the prefix that belongs to the integers of one of them, or what begins a text. */
function beginOf(models: readonly TextGenerator[], prompt: string): readonly number[] {
  const [{ tokenizer }] = models;
  for (const { instance: { program: { metadata } } } of models) {
    if (!Array.isArray(metadata.prefix)) continue;
    const { ids } = tokenizer.encode(prompt, { addSpecialTokens: false });
    return [...metadata.prefix as number[], ...ids];
  }
  return [...tokenizer.encode(prompt).ids];
}

/**
 * Goes along the greedy text of another model, and says where this one would have taken the same id, the first of the
 * likeliest.
 *
 * @throws {FewbitError} `shape_mismatch` for models of other vocabularies.
 */
export async function agreementOf(
  model: TextGenerator,
  other: TextGenerator,
  prompt: string,
  tokens: number,
  signal?: AbortSignal,
): Promise<Agreement> {
  const { vocabularySize: columns } = model;
  const isAlike = (_: unknown, id: number): boolean =>
    model.tokenizer.idToToken(id) === other.tokenizer.idToToken(id);
  if (columns !== other.vocabularySize || !Array.from({ length: columns }).every(isAlike)) {
    throw new FewbitError("shape_mismatch", "Cannot compare models whose ids are other pieces");
  }
  const begin = beginOf([model, other], prompt);
  const [all, own] = [
    await greedy(other, begin, tokens, signal),
    await greedy(model, begin, tokens, signal),
  ];
  // The shorter context ends the comparison.
  const wanted = all.slice(0, own.length);
  const read = [...begin, ...wanted.slice(0, -1)];
  const { data } = await model.logits(read, signal === undefined ? {} : { signal });
  const agreed = wanted.filter((id, i) => {
    const at = (begin.length - 1 + i) * columns;
    const row = (data as Float32Array).subarray(at, at + columns);
    return row.every((logit, piece) => logit < row[id] || (logit === row[id] && piece >= id));
  });
  const parted = wanted.findIndex((id, i) => id !== own[i]);
  return {
    tokens: wanted.length,
    agreed: agreed.length,
    alike: parted < 0 ? wanted.length : parted,
  };
}

async function greedy(
  model: TextGenerator,
  begin: readonly number[],
  maxTokens: number,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const all: number[] = [];
  const options = { temperature: 0, stopAtEnd: false, maxTokens, ...signal && { signal } };
  for await (const { ids } of model.generate(begin, options)) all.push(...ids);
  return all;
}

/** Compares two models and prints the result. */
export async function printAgreement(run: AgreementRun): Promise<void> {
  const { engine, signal, tokens, prompt } = run;
  const opened = (path: string): Promise<TextGenerator> =>
    named(path, () => TextGenerator.fromPretrained(path, { engine, signal }));
  using model = await opened(run.model);
  using other = await opened(run.other);
  note(`writing ${tokens} tokens with ${run.other}`);
  const result = await agreementOf(model, other, prompt, tokens, signal);
  if (result.tokens < tokens) {
    note(`${result.tokens} of ${tokens} tokens: more is in no context of both`);
  }
  if (run.json) return printJson({ ...result, prompt });
  print(
    `${result.agreed} of the ${result.tokens} greedy tokens of ${run.other} are ${run.model}'s, too; ` +
      `each going on from its own, the first ${result.alike} are alike`,
  );
}
