// Known answers: of the SIMD instruction on which integer kernels stand, and of a small program that is
// loaded, verified and run. A relaxed build is accepted only where the dot product is exact with its
// second operand in 0…127 (some hosts are not); what it computes beyond is no reason to refuse it. Some engines carry out simpler code wrongly too: one
// interpreter fails in the verifier, which would then refuse good files.
import { Context } from "./context";
import { crc32c } from "./crc32c";
import { REGION_INPUT, REGION_OUTPUT } from "./generated/format";
import {
  FILE,
  FILE_BYTES,
  HEAD_BYTES,
  INPUT_BYTES,
  INPUTS,
  OUTPUT_BYTES,
  OUTPUTS_CRC,
} from "./generated/known";
import { initialise } from "./instance";
import { beginEntry, runSlice } from "./interpreter";
import {
  model_end,
  model_load,
  model_ready,
  planModel,
  segment_address,
  segment_bytes,
} from "./loading";
import { wrong_lanes } from "./kernels/dot_answer";
import { Model } from "./model";

/** 0 where this build may be used. Takes memory from `heap_base` on: nothing may be loaded there. */
export function selfTest(): i32 {
  const wrong = wrong_lanes();
  return wrong != 0 ? wrong : HEAD_BYTES == 0 || isKnownProgramRight() ? 0 : -1;
}

/** Loads and runs the known program. */
function isKnownProgramRight(): bool {
  const model = changetype<Model>((__heap_base + 255) & ~255);
  memory.copy(changetype<usize>(model.head), FILE, HEAD_BYTES);
  if (model_load(model, HEAD_BYTES) != 0 || planModel(model, 0xFFFF0000, 1000000) != 0) {
    return false;
  }
  const end: usize = model_end(model);
  const context = changetype<Context>(end);
  if (end + model.instanceBytes > <usize> memory.size() << 16) return false;
  let at: u32 = HEAD_BYTES;
  for (let segment: u32 = 0; segment < 3; segment++) {
    const bytes = segment_bytes(model, segment);
    if (at + bytes > FILE_BYTES) return false;
    memory.copy(segment_address(model, segment), FILE + at, bytes);
    at += bytes;
  }
  if (model_ready(model) != 0 || initialise(model, context) != 0) return false;
  memory.copy(context.region(REGION_INPUT), INPUTS, INPUT_BYTES);
  if (beginEntry(context, 0) != 0 || runSlice(context, 0, 0, 0xFFFF) < 0) return false;
  const outputs = context.region(REGION_OUTPUT);
  return crc32c(model.checksumTable, outputs, OUTPUT_BYTES) == OUTPUTS_CRC;
}
