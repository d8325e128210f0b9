// Known answers: of the SIMD instruction on which integer kernels stand, and of a small program that is
// loaded, verified and run. A relaxed build is accepted only where the dot product is exact with its
// second operand in 0…127 (some hosts are not). Some engines carry out simpler code wrongly too: one
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
  model_plan,
  model_ready,
  segment_address,
  segment_bytes,
} from "./loading";
import { Model } from "./model";

const A: usize = memory.data<i8>(
  [-128, 127, -1, 0, 1, -127, 64, -64, 127, 127, 127, 127, -128, -128, -128, -128],
  16,
);
const B: usize = memory.data<i8>(
  [127, 127, 127, 127, 1, 2, 3, 4, 127, 127, 127, 127, 127, 127, 127, 127],
  16,
);

/** 0 where this build may be used. Takes memory from `heap_base` on: nothing may be loaded there. */
export function selfTest(): i32 {
  const wrong = wrongLanes();
  return wrong != 0 ? wrong : HEAD_BYTES == 0 || isKnownProgramRight() ? 0 : -1;
}

/** Loads and runs the known program. */
function isKnownProgramRight(): bool {
  const model = changetype<Model>((__heap_base + 255) & ~255);
  memory.copy(changetype<usize>(model.head), FILE, HEAD_BYTES);
  if (model_load(model, HEAD_BYTES) != 0 || model_plan(model, 0xFFFF0000, 1e6) != 0) return false;
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

/** Number of wrong lanes of a dot product. */
function wrongLanes(): i32 {
  const a = v128.load(A);
  const b = v128.load(B);
  const seed = i32x4.splat(7);
  let sums: v128;
  if (ASC_FEATURE_RELAXED_SIMD) {
    sums = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, seed);
  } else {
    const low = i16x8.extmul_low_i8x16_s(a, b);
    const high = i16x8.extmul_high_i8x16_s(a, b);
    const low2 = i32x4.extadd_pairwise_i16x8_s(low);
    const high2 = i32x4.extadd_pairwise_i16x8_s(high);
    const even = v128.shuffle<i32>(low2, high2, 0, 2, 4, 6);
    const odd = v128.shuffle<i32>(low2, high2, 1, 3, 5, 7);
    sums = i32x4.add(seed, i32x4.add(even, odd));
  }
  let wrong = 0;
  for (let lane: usize = 0; lane < 4; lane++) {
    let sum: i32 = 7;
    for (let i: usize = 0; i < 4; i++) {
      sum += <i32> load<i8>(A + (lane << 2) + i) * <i32> load<i8>(B + (lane << 2) + i);
    }
    if (laneOf(sums, lane) != sum) wrong++;
  }
  return wrong;
}

function laneOf(sums: v128, lane: usize): i32 {
  if (lane == 0) return i32x4.extract_lane(sums, 0);
  if (lane == 1) return i32x4.extract_lane(sums, 1);
  if (lane == 2) return i32x4.extract_lane(sums, 2);
  return i32x4.extract_lane(sums, 3);
}
