/**
 * The cases of every instruction. A new instruction needs a generator of its name in one of the files
 * here and nothing else in this suite.
 */
import { INFERENCE_INSTRUCTIONS } from "../../src/instructions/mod.ts";
import type { Case } from "./_case.ts";
import * as attention from "./_cases_attention.ts";
import * as decoder from "./_cases_decoder.ts";
import * as cached from "./_cases_cached.ts";
import * as encoder from "./_cases_encoder.ts";
import * as float from "./_cases_float.ts";
import * as hgrn from "./_cases_hgrn.ts";
import * as integer from "./_cases_integer.ts";
import * as move from "./_cases_move.ts";
import * as requantized from "./_cases_requantize.ts";
import * as shifted from "./_cases_shifted.ts";
import * as ternary from "./_cases_ternary.ts";
import type { Random } from "./_random.ts";

/** Makes the cases of one instruction from random numbers. */
export type MakeCases = (random: Random) => Iterable<Case>;

// Among them are helpers, which no instruction is named after.
const GENERATORS: Readonly<Record<string, unknown>> = {
  ...attention,
  ...decoder,
  ...cached,
  ...encoder,
  ...float,
  ...hgrn,
  ...integer,
  ...move,
  ...requantized,
  ...shifted,
  ...ternary,
};

/** Generators by the name of the instruction: those of `linear_i8` are `linearI8`. */
export const CASES: Readonly<Record<string, MakeCases>> = Object.fromEntries(
  INFERENCE_INSTRUCTIONS.flatMap(({ name }) => {
    const makeCases = GENERATORS[
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    ];
    return makeCases === undefined ? [] : [[name, makeCases as MakeCases]];
  }),
);
