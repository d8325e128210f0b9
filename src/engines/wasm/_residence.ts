/**
 * Weights in the memory of a machine, and the instances that share them:
 *
 *     model (struct, head, tables) │ constants, initial bytes │ instance │ instance │ …
 */
import { ProgramError, verdictOf } from "../../program/verdict.ts";
import type { DotForm } from "../engine.ts";
import type { WasmExports } from "./_exports.ts";
import { grow, release } from "./memory_pool.ts";
import type { Machine } from "./memory_pool.ts";

/** Turns a negative status into an error. */
export function check(status: number, where: string): number {
  if (status >= 0) return status;
  throw new ProgramError(verdictOf(-status) ?? "bad_data", where);
}

/** A verified program in a machine. The last instance to leave gives the machine back. */
export class Residence {
  readonly #machine: Machine;
  readonly #first: number;
  /** Which places for instances are taken. */
  readonly #taken: boolean[] = [];
  /** Bytes of an instance. */
  readonly instanceBytes: number;
  /** Bytes of the weights. */
  readonly sharedBytes: number;

  constructor(
    machine: Machine,
    readonly model: number,
    readonly engine: string,
    readonly dot: DotForm | undefined,
  ) {
    const { exports } = machine;
    this.#machine = machine;
    this.#first = exports.model_end(model) >>> 0;
    this.instanceBytes = exports.instance_size(model) >>> 0;
    this.sharedBytes = this.#first - model;
  }

  get exports(): WasmExports {
    return this.#machine.exports;
  }

  /** Bytes in memory. Ends to be valid when the memory grows: not to be kept. */
  bytes(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.exports.memory.buffer as ArrayBuffer, address >>> 0, length >>> 0);
  }

  /** Address of a new instance, a copy of `from` where that is given. */
  enter(from?: number): number {
    let place = this.#taken.indexOf(false);
    if (place < 0) place = this.#taken.length;
    const context = this.#first + place * this.instanceBytes;
    grow(this.#machine, context + this.instanceBytes);
    const { exports, model } = this;
    const status = from === undefined
      ? exports.instance_init(model, context)
      : exports.instance_copy(from, context);
    check(status, "instance");
    this.#taken[place] = true;
    return context;
  }

  /** Gives an instance's place back. */
  leave(context: number): void {
    this.#taken[(context - this.#first) / this.instanceBytes] = false;
    if (!this.#taken.includes(true)) release(this.#machine);
  }
}
