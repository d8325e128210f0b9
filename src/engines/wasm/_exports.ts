/** What a module of `asm/` exports: the ABI that `wasm/fewbit.h` documents. */

/** The exports. Numbers are addresses, indices and counts; a negative status is a verdict, negated. */
export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  abi_version(): number;
  selftest(): number;
  dot_form(): number;
  heap_base(): number;
  model_size(headBytes: number): number;
  model_load(model: number, headBytes: number): number;
  model_symbol(model: number, symbol: number, value: number): number;
  model_dot(model: number, form: number): number;
  model_plan(model: number, memoryLimitBytes: number, workLimit: number): number;
  model_end(model: number): number;
  segment_address(model: number, segment: number): number;
  segment_bytes(model: number, segment: number): number;
  trits_bytes(model: number): number;
  trits_address(model: number): number;
  trits_capacity(model: number): number;
  trits_push(model: number, bytes: number): number;
  model_ready(model: number): number;
  symbol_value(model: number, symbol: number): number;
  symbol_min(model: number, symbol: number): number;
  symbol_max(model: number, symbol: number): number;
  tensor_initial(model: number, tensor: number): number;
  instance_size(model: number): number;
  instance_init(model: number, context: number): number;
  instance_copy(from: number, to: number): number;
  symbol_set(context: number, symbol: number, value: number): number;
  tensor_address(context: number, tensor: number): number;
  tensor_capacity(context: number, tensor: number): number;
  canonicalize(context: number, tensor: number): number;
  begin(context: number, entry: number): number;
  run(context: number, entry: number, first: number, count: number): number;
  run_part(context: number, entry: number, index: number, part: number, parts: number): number;
}

/** Version of the ABI that this code speaks. */
export const ABI_VERSION = 4;
