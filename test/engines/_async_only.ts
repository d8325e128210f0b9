import type {
  Inputs,
  Instance,
  Outputs,
  RunOptions,
  StateSnapshot,
  SyncInstance,
} from "../../src/engines/engine.ts";
import { FewbitError } from "../../src/errors.ts";
import { nextTurn } from "../../src/event_loop.ts";
import type { Program } from "../../src/program/program.ts";
import type { DType, Tensor, TensorData } from "../../src/tensor.ts";

/**
 * An engine whose memory is elsewhere, as a GPU's: nothing can be had at once, every promise is settled
 * in a later turn of the event loop, and what was not settled when it is disposed of never comes.
 */
export class AsyncOnly implements Instance {
  readonly #inner: SyncInstance;
  #isDisposed = false;

  constructor(inner: SyncInstance) {
    this.#inner = inner;
  }

  get engine(): string {
    return `asynchronous ${this.#inner.engine}`;
  }

  get program(): Program {
    return this.#inner.program;
  }

  get id(): string {
    return this.#inner.id;
  }

  get symbols(): Readonly<Record<string, number>> {
    return this.#inner.symbols;
  }

  get memoryBytes(): number {
    return this.#inner.memoryBytes;
  }

  run(inputs: Inputs, options?: RunOptions): Promise<Outputs> {
    return this.#later(this.#inner.run(inputs, options));
  }

  read<D extends DType = DType>(name: string, dtype?: D): Promise<Tensor<D>> {
    return this.#later(this.#inner.read(name, dtype));
  }

  peek(tensor: number): Promise<Tensor> {
    return this.#later(this.#inner.peek(tensor));
  }

  write(name: string, data: TensorData): void {
    this.#inner.write(name, data);
  }

  reset(slot?: number): void {
    this.#inner.reset(slot);
  }

  saveState(slot?: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#later(this.#inner.saveState(slot));
  }

  restoreState(saved: Uint8Array, slot?: number): void {
    this.#inner.restoreState(saved, slot);
  }

  rewind(tokens: number, slot: number): void {
    this.#inner.rewind(tokens, slot);
  }

  snapshot(slot?: number): Promise<StateSnapshot> {
    return this.#later(this.#inner.snapshot(slot));
  }

  rollback(snapshot: StateSnapshot): void {
    this.#inner.rollback(snapshot);
  }

  fork(): AsyncOnly {
    return new AsyncOnly(this.#inner.fork());
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#inner[Symbol.dispose]();
  }

  async #later<T>(work: Promise<T>): Promise<T> {
    const [outcome] = await Promise.allSettled([work]);
    await nextTurn();
    if (this.#isDisposed) {
      throw new FewbitError("disposed", "Cannot use instance: it was disposed");
    }
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  }
}
