// Making instances: from a model, from another one, and their state anew.
import { Context, INSTANCE_MAGIC, isMemory, SYMBOLS_BYTES } from "./context";
import { evaluateAll } from "./expression";
import { measureFresh } from "./fresh";
import {
  REGION_COUNT,
  REGION_PARAMETER,
  REGION_STATE,
  VERDICT_BAD_ARGUMENT,
} from "./generated/format";
import { Model, READY } from "./model";
import { segmentBytes } from "./plan";

/** Sets up an instance in `instance_size` bytes that are not the model's. */
export function initialise(model: Model, context: Context): i32 {
  if (model.stage != READY) return VERDICT_BAD_ARGUMENT;
  const bytes: u64 = model.instanceBytes;
  const at = changetype<usize>(context);
  const apart = at >= model.end || <u64> at + bytes <= <u64> changetype<usize>(model);
  if (!apart || !isMemory(at, bytes)) return VERDICT_BAD_ARGUMENT;
  // Memory may come from a pool: nothing of its former life is left, guards included.
  memory.fill(at, 0, model.instanceBytes);
  context.model = model;
  context.magic = INSTANCE_MAGIC;
  context.generation = model.generation;
  context.entry = -1;
  context.region0 = model.segmentAddress0;
  for (let where: u32 = 1; where < REGION_COUNT; where++) {
    context.setRegion(where, at + model.regionOffset(where));
  }
  context.instruction.scratch = at + model.regionOffset(REGION_COUNT);
  for (let i: u32 = 0, n = model.symbolsCount; i < n; i++) {
    context.setSymbol(i, model.symbolValue(i).value);
  }
  evaluateAll(model, context.symbols, context.values);
  measureFresh(model, context);
  copyInitial(model, context, REGION_PARAMETER);
  copyInitial(model, context, REGION_STATE);
  return 0;
}

function copyInitial(model: Model, context: Context, where: u32): void {
  const bytes = segmentBytes(model, where);
  memory.copy(context.region(where), model.segmentAddress(where), bytes);
}

/** Sets the state to its initial bytes. */
export function resetState(context: Context): void {
  const model = context.model;
  memory.fill(context.region(REGION_STATE), 0, model.regionBytes(REGION_STATE));
  copyInitial(model, context, REGION_STATE);
}

/** Sets up an instance with the parameters, state and symbols of another, which it may not touch. */
export function copyInstance(from: Context, to: Context): i32 {
  const model = from.model;
  const bytes = model.instanceBytes;
  const a = <u64> changetype<usize>(from);
  const b = <u64> changetype<usize>(to);
  if (b < a + bytes && a < b + bytes) return VERDICT_BAD_ARGUMENT;
  const status = initialise(model, to);
  if (status != 0) return status;
  for (let where = REGION_PARAMETER; where <= REGION_STATE; where++) {
    memory.copy(
      to.region(where),
      from.region(where),
      model.regionBytes(where),
    );
  }
  memory.copy(to.symbols, from.symbols, SYMBOLS_BYTES);
  return 0;
}
