/** What a program takes in WebAssembly memory, before any of its weights are there. */
import { decodeHead } from "../../program/decode.ts";
import { DEFAULT_MEMORY_LIMIT_BYTES, DEFAULT_WORK_LIMIT } from "../../program/defaults.ts";
import { check } from "./_residence.ts";
import { MODEL_BYTES } from "./load.ts";
import { grow, release, take } from "./memory_pool.ts";
import type { Build } from "./module.ts";

/** Bytes of a loaded program. */
export interface PlannedBytes {
  /** What all instances share: tables, constants, first values of parameters and states. */
  readonly shared: number;
  /** An instance: its regions, and memory in which kernels work. */
  readonly instance: number;
}

/**
 * Plans a program as loading it does.
 *
 * @param file A `model.fewbit` file, of which the head is read.
 * @throws {FewbitError} Where the program is not safe to run, or larger than the limits.
 */
export function plannedBytes(file: Uint8Array, { module }: Build): PlannedBytes {
  const head = file.subarray(0, decodeHead(file).headBytes);
  const machine = take(module, head.length);
  try {
    const { exports } = machine;
    const model = exports.heap_base() >>> 0;
    grow(machine, model + (exports.model_size(head.length) >>> 0));
    new Uint8Array(exports.memory.buffer, model + MODEL_BYTES, head.length).set(head);
    check(exports.model_load(model, head.length), "head");
    check(exports.model_plan(model, DEFAULT_MEMORY_LIMIT_BYTES, DEFAULT_WORK_LIMIT), "program");
    return {
      shared: (exports.model_end(model) >>> 0) - model,
      instance: exports.instance_size(model) >>> 0,
    };
  } finally {
    release(machine);
  }
}
