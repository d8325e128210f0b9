import { invalid, isObject } from "./json.ts";
import { SectionReader } from "./section_reader.ts";

/** The ids around and between texts: `[CLS]`, `[SEP]`, bos, eos. */
export interface Frame {
  readonly before: readonly number[];
  /** Between the two texts of a pair. */
  readonly between: readonly number[];
  readonly after: readonly number[];
}

/** What a post-processor puts around one text, and around and between two. */
export interface Frames {
  readonly single: Frame;
  /** `undefined` where the file leaves out a text of a pair or swaps them: then there are no pairs. */
  readonly pair: Frame | undefined;
}

const NOTHING: Frame = { before: [], between: [], after: [] };

/** No frames. */
export const UNFRAMED: Frames = { single: NOTHING, pair: NOTHING };

/** The section `post_processor` of tokenizer.json. */
export function readPostProcessor(section: unknown, depth = 0): Frames {
  const reader = new SectionReader(section, "post_processor", depth);
  const frames = framesOf(reader);
  reader.end();
  return frames;
}

function framesOf(reader: SectionReader): Frames {
  switch (reader.type) {
    case "ByteLevel":
      // It moves offsets only.
      reader.ignore("add_prefix_space", "trim_offsets", "use_regex");
      return UNFRAMED;
    case "BertProcessing":
      return enclosing(reader, 1);
    case "RobertaProcessing":
      reader.ignore("add_prefix_space", "trim_offsets");
      return enclosing(reader, 2);
    case "TemplateProcessing":
      return template(reader);
    case "Sequence": {
      const all = reader.sections("processors", readPostProcessor).filter((x) => x !== UNFRAMED);
      if (all.length > 1) throw reader.unsupported("more than one processor that adds tokens");
      return all[0] ?? UNFRAMED;
    }
  }
  throw reader.unknown();
}

/** `cls` before, `sep` after, and as many as given between; RoBERTa's second one is its own `cls`. */
function enclosing(reader: SectionReader, separators: 1 | 2): Frames {
  const idOf = (key: string): number => {
    const pair = reader.value(key);
    const id = Array.isArray(pair) && pair.length === 2 ? pair[1] : undefined;
    if (Number.isInteger(id) && id >= 0) return id;
    throw reader.invalid(`${key} is not a token and its id`);
  };
  const [cls, sep] = [idOf("cls"), idOf("sep")];
  return {
    single: { before: [cls], between: [], after: [sep] },
    pair: { before: [cls], between: separators === 1 ? [sep] : [sep, sep], after: [sep] },
  };
}

function template(reader: SectionReader): Frames {
  const special = reader.value("special_tokens") ?? {};
  if (!isObject(special)) throw reader.invalid("special_tokens is not an object");
  const single = frameOf(reader, "single", special, ["A"]);
  if (single === undefined) {
    throw invalid("its post-processor leaves out the text, or has it twice");
  }
  return { single, pair: frameOf(reader, "pair", special, ["A", "B"]) };
}

function frameOf(
  reader: SectionReader,
  key: string,
  special: Readonly<Record<string, unknown>>,
  texts: readonly string[],
): Frame | undefined {
  const pieces = reader.value(key);
  if (!Array.isArray(pieces)) throw reader.invalid(`${key} is not an array`);
  const groups: number[][] = [[]];
  for (const piece of pieces) {
    const { Sequence, SpecialToken } = isObject(piece) ? piece : {} as Record<string, unknown>;
    if (isObject(SpecialToken)) {
      for (const id of idsOf(SpecialToken.id, special)) groups.at(-1)!.push(id);
      continue;
    }
    if (!isObject(Sequence)) throw reader.invalid(`${key} has a piece that is none`);
    if (Sequence.id !== texts[groups.length - 1]) return undefined;
    groups.push([]);
  }
  if (groups.length !== texts.length + 1) return undefined;
  return {
    before: groups[0],
    between: texts.length === 2 ? groups[1] : [],
    after: groups.at(-1)!,
  };
}

function idsOf(token: unknown, special: Readonly<Record<string, unknown>>): readonly number[] {
  const known = typeof token === "string" && Object.hasOwn(special, token) ? special[token] : {};
  const ids = isObject(known) ? known.ids : undefined;
  if (Array.isArray(ids) && ids.every((id) => Number.isInteger(id) && id >= 0)) return ids;
  throw invalid(`its post-processor adds ${JSON.stringify(token)}, which has no id`);
}
