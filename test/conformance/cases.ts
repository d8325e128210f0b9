/**
 * The cases of every instruction. A new instruction needs a generator of its name in one of the files
 * here and nothing else in this suite.
 */
import { INFERENCE_INSTRUCTIONS, INSTRUCTIONS } from "../../src/instructions/mod.ts";
import type { Case } from "./_case.ts";
import * as attention from "./_cases_attention.ts";
import * as decoder from "./_cases_decoder.ts";
import * as bitnet from "./_cases_bitnet.ts";
import * as cached from "./_cases_cached.ts";
import * as encoder from "./_cases_encoder.ts";
import * as float from "./_cases_float.ts";
import * as half from "./_cases_half.ts";
import * as hgrn from "./_cases_hgrn.ts";
import * as integer from "./_cases_integer.ts";
import * as move from "./_cases_move.ts";
import * as requantized from "./_cases_requantize.ts";
import * as shifted from "./_cases_shifted.ts";
import * as ternary from "./_cases_ternary.ts";
import * as train from "./_cases_train.ts";
import * as stash from "./_cases_train_stash.ts";
import * as trainedTernary from "./_cases_train_ternary.ts";
import * as products from "./_cases_train_products.ts";
import type { Random } from "./_random.ts";

/** Makes the cases of one instruction from random numbers. */
export type MakeCases = (random: Random) => Iterable<Case>;

// Among them are helpers, which no instruction is named after.
const GENERATORS: Readonly<Record<string, unknown>> = {
  ...attention,
  ...bitnet,
  ...decoder,
  ...cached,
  ...encoder,
  ...float,
  ...half,
  ...hgrn,
  ...integer,
  ...move,
  ...requantized,
  ...shifted,
  ...ternary,
  ...train,
  ...products,
  ...trainedTernary,
  ...stash,
};

/** Generators by the name of the instruction: those of `linear_i8` are `linearI8`. */
function casesOf(names: readonly string[]): Readonly<Record<string, MakeCases>> {
  return Object.fromEntries(names.flatMap((name) => {
    const makeCases = GENERATORS[
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    ];
    return makeCases === undefined ? [] : [[name, makeCases as MakeCases]];
  }));
}

/** Of the instructions that run networks. */
export const CASES: Readonly<Record<string, MakeCases>> = casesOf(
  INFERENCE_INSTRUCTIONS.map(({ name }) => name),
);

/** Of those that only train, which the module for training alone holds. */
export const TRAINING_CASES: Readonly<Record<string, MakeCases>> = casesOf(
  INSTRUCTIONS.filter(({ family }) => family === "train").map(({ name }) => name),
);
