/** An instance of the wasm engine. */
import type { Index } from "../../program/program.ts";
import type { DotForm, SyncInstance } from "../engine.ts";
import { BaseInstance } from "../base_instance.ts";
import type { LoadedProgram } from "../loaded_program.ts";
import { check } from "./_residence.ts";
import type { Residence } from "./_residence.ts";

/** A program in WebAssembly memory. Forks share its constants and its memory. */
export class WasmInstance extends BaseInstance {
  readonly engine: string;
  readonly dot?: DotForm;
  readonly memoryBytes: number;
  readonly #residence: Residence;
  readonly #context: number;

  /** Starts from the initial bytes, or as a copy of the instance at `from`. */
  constructor(loaded: LoadedProgram, residence: Residence, from?: number) {
    super(loaded, 2);
    this.engine = residence.engine;
    if (residence.dot !== undefined) this.dot = residence.dot;
    this.memoryBytes = residence.sharedBytes + residence.instanceBytes;
    this.#residence = residence;
    this.#context = residence.enter(from);
  }

  protected bytesOf(tensor: Index): Uint8Array {
    const { exports } = this.#residence;
    return this.#residence.bytes(
      exports.tensor_address(this.#context, tensor),
      exports.tensor_capacity(this.#context, tensor),
    );
  }

  protected canonicalize(tensor: Index): void {
    this.#residence.exports.canonicalize(this.#context, tensor);
  }

  protected resetState(tensor: Index): Uint8Array | undefined {
    const { exports, model } = this.#residence;
    const address = exports.tensor_initial(model, tensor);
    if (address === 0) return undefined;
    return this.#residence.bytes(address, exports.tensor_capacity(this.#context, tensor));
  }

  protected start(entry: number, symbols: readonly number[]): void {
    const { exports } = this.#residence;
    const { program } = this;
    symbols.forEach((value, i) => {
      if (program.symbols[i].kind === "load") return;
      check(exports.symbol_set(this.#context, i, value), `${program.symbols[i].name} = ${value}`);
    });
    check(exports.begin(this.#context, entry), `values of the inputs ${this.#checkedInputs()}`);
  }

  protected step(entry: number, first: number, count: number): void {
    const { exports } = this.#residence;
    check(exports.run(this.#context, entry, first, count), program(this, entry));
  }

  /**
   * Runs a part of one instruction of the entry that {@linkcode begin} began; the parts may run in
   * any order, each once.
   */
  runPart(entry: number, index: number, part: number, parts: number): void {
    this.assertUsable();
    this.stepPart(entry, index, part, parts);
    this.progress.done = Math.max(this.progress.done, index + 1);
  }

  protected override stepPart(entry: number, index: number, part: number, parts: number): void {
    const { exports } = this.#residence;
    check(exports.run_part(this.#context, entry, index, part, parts), program(this, entry));
  }

  protected release(): void {
    this.#residence.leave(this.#context);
  }

  protected copy(): SyncInstance {
    return new WasmInstance(this.loaded, this.#residence, this.#context);
  }

  #checkedInputs(): string {
    return this.program.tensors.filter((tensor) => tensor.check !== "none")
      .map(({ name, check }) => `${name} (${check})`).join(", ");
  }
}

function program(instance: WasmInstance, entry: number): string {
  return `entry ${instance.program.entries[entry]?.name ?? entry}`;
}
