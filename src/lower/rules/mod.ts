/**
 * A rule for each op of the graph: one that is missing is a type error.
 *
 * @module
 */
import type { OpName } from "../../graph/op_names.ts";
import type { RulesOf } from "../rule.ts";
import { DECODER_RULES } from "./decoder.ts";
import { FLOAT_RULES } from "./float.ts";
import { HALF_RULES } from "./half.ts";
import { INTEGER_RULES } from "./integer.ts";
import { INTEGER_DECODER_RULES } from "./integer_decoder.ts";
import { ROW_RULES } from "./rows.ts";
import { SEQUENCE_RULES } from "./sequences.ts";
import { TERNARY_RULES } from "./ternary.ts";
import { TERNARY_LLAMA_RULES } from "./ternary_llama.ts";
import { TRAINED_RULES } from "./trained.ts";
import { TRAINED_PICTURE_RULES } from "./trained_pictures.ts";
import { UPDATE_RULES } from "./updates.ts";
import { VIEW_RULES } from "./views.ts";

/** What becomes of a node of each op. */
export const RULES: RulesOf<OpName> = {
  ...VIEW_RULES,
  ...ROW_RULES,
  ...SEQUENCE_RULES,
  ...DECODER_RULES,
  ...FLOAT_RULES,
  ...HALF_RULES,
  ...INTEGER_RULES,
  ...INTEGER_DECODER_RULES,
  ...TERNARY_RULES,
  ...TERNARY_LLAMA_RULES,
  ...TRAINED_RULES,
  ...TRAINED_PICTURE_RULES,
  ...UPDATE_RULES,
};
