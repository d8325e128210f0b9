/** All changes that a test has to notice. */
import { BITNET_MUTATIONS } from "./bitnet.ts";
import { CHAT_MUTATIONS } from "./chat.ts";
import { COMMAND_LINE_MUTATIONS } from "./command_line.ts";
import { ENGINE_MUTATIONS } from "./engines.ts";
import { FINE_TUNING_MUTATIONS } from "./fine_tuning.ts";
import { FUSION_MUTATIONS } from "./fusions.ts";
import { HALF_MUTATIONS } from "./half.ts";
import { GRAPH_MUTATIONS } from "./graph.ts";
import { INTEGER_LANGUAGE_MUTATIONS } from "./integer_language.ts";
import { LEARNED_QUANTIZATION_MUTATIONS } from "./learned_quantization.ts";
import { LLAMA_MUTATIONS } from "./llama.ts";
import { LOWERING_MUTATIONS } from "./lowering.ts";
import { MEMORY_MUTATIONS } from "./memory.ts";
import { MOBILE_QUANT_MUTATIONS } from "./mobile_quant.ts";
import { NUMERIC_MUTATIONS } from "./numeric.ts";
import { PROGRAM_MUTATIONS } from "./program.ts";
import { QUANTIZE_MUTATIONS } from "./quantize.ts";
import { SERVE_MUTATIONS } from "./serve.ts";
import { STRAIGHT_THROUGH_MUTATIONS } from "./straight_through.ts";
import { TEXT_AND_FILES_MUTATIONS } from "./text_and_files.ts";
import { TRAINING_MUTATIONS } from "./training.ts";
import { WEBGPU_MUTATIONS } from "./webgpu.ts";
import type { Mutation } from "./mutation.ts";

/** In the order of the files that hold them. */
export const MUTATIONS: readonly Mutation[] = [
  ...BITNET_MUTATIONS,
  ...CHAT_MUTATIONS,
  ...COMMAND_LINE_MUTATIONS,
  ...ENGINE_MUTATIONS,
  ...FINE_TUNING_MUTATIONS,
  ...FUSION_MUTATIONS,
  ...GRAPH_MUTATIONS,
  ...HALF_MUTATIONS,
  ...INTEGER_LANGUAGE_MUTATIONS,
  ...LEARNED_QUANTIZATION_MUTATIONS,
  ...LLAMA_MUTATIONS,
  ...LOWERING_MUTATIONS,
  ...MEMORY_MUTATIONS,
  ...MOBILE_QUANT_MUTATIONS,
  ...NUMERIC_MUTATIONS,
  ...PROGRAM_MUTATIONS,
  ...QUANTIZE_MUTATIONS,
  ...SERVE_MUTATIONS,
  ...STRAIGHT_THROUGH_MUTATIONS,
  ...TEXT_AND_FILES_MUTATIONS,
  ...TRAINING_MUTATIONS,
  ...WEBGPU_MUTATIONS,
];
