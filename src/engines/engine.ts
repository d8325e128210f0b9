/**
 * What engines offer: every one an {@linkcode Instance}, whose memory may be elsewhere; those whose
 * memory is at hand a {@linkcode SyncInstance}. Engines know nothing of models.
 *
 * @module
 */
import type { Program } from "../program/program.ts";
import type { DType, Tensor, TensorData } from "../tensor.ts";

/**
 * What the relaxed dot product of a host computes with bytes above 127 as its second operand: bytes
 * without a sign, with one, or nothing to rely on. Kernels differ in speed by it, never in a bit.
 */
export type DotForm = "unsigned" | "signed" | "seven";

/** Options of loading. */
export interface LoadOptions {
  /** Values of load-time symbols (largest batch, context); the others keep their defaults. */
  readonly symbols?: Readonly<Record<string, number>>;
  /** Most bytes of one instance. Default: what the engine can address. */
  readonly memoryLimitBytes?: number;
  /** Most work of one run, in multiply-accumulates and elements read or written. Default 2^45. */
  readonly workLimit?: number;
  /**
   * Kernels of this form of the dot product instead of those that the host can have: `seven` with
   * any host that has relaxed SIMD, for tests and comparisons. What the host does not compute is refused.
   */
  readonly dot?: DotForm;
  /** Stops loading with its reason. */
  readonly signal?: AbortSignal;
  /** Called with the program once it is decoded, before anything else of it is loaded; may throw. */
  readonly onProgram?: (program: Program) => void;
  /** Called with the bytes loaded so far and in all (`undefined` where unknown). */
  readonly onProgress?: (loadedBytes: number, totalBytes: number | undefined) => void;
}

/** Options of one run. */
export interface RunOptions {
  /** Entry to run. Default: the first of the program. */
  readonly entry?: string;
  /** Values of run-time symbols. One that is missing follows from the inputs' sizes, else its default. */
  readonly symbols?: Readonly<Record<string, number>>;
  /** Stops with its reason, within some milliseconds ({@linkcode Instance.run} only). */
  readonly signal?: AbortSignal;
  /** Called with the instructions done and in all, each few milliseconds ({@linkcode Instance.run} only). */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Values of inputs by name: the elements in row-major order, or the raw bytes of any dtype. Bytes of
 * pictures may be a `Uint8ClampedArray`, as canvases have them.
 */
export type Inputs = Readonly<Record<string, TensorData | Uint8ClampedArray>>;

/** Copies of the outputs of an entry, by name; {@linkcode expectTensor} gives one of a known type. */
export type Outputs = Record<string, Tensor>;

/** A run that is done slice by slice. */
export interface Execution {
  /** Instructions of the entry. */
  readonly total: number;
  /** Instructions done. */
  readonly done: number;
  /**
   * Runs up to `count` more instructions, by default all; returns whether the entry is done.
   *
   * @throws {FewbitError} `invalid_argument` where `count` is no integer of at least 0.
   */
  advance(count?: number): boolean;
  /** Copies of the outputs, once the entry is done. */
  outputs(): Outputs;
}

/** The state of an instance or of one of its sessions at some moment, for {@linkcode Instance.rollback}. */
export interface StateSnapshot {
  /** The session; absent for the state of all. */
  readonly slot: number | undefined;
}

/**
 * A loaded program with parameters, state and memory of its own. Forks share its constants.
 *
 * Runs of one instance take turns: {@linkcode Instance.run} waits for those that were called before it.
 * Everything else takes place at the moment of the call, between two instructions of a run that is in
 * progress (one that is half done is ended first): a promise for bytes is one for those of that moment,
 * and what is written is there for all that is called later. What is refused (a missing input, a wrong size or type, a value that fails its
 * check) changes nothing.
 */
export interface Instance extends Disposable {
  /** Name of the engine: `wasm-simd`, `wasm-relaxed`, `reference`. */
  readonly engine: string;
  /** The form of the dot product that its kernels use; none without relaxed SIMD. */
  readonly dot?: DotForm;
  /** The program, without the bytes of its tensors. */
  readonly program: Program;
  /** Hexadecimal id of the program; saved states name it. */
  readonly id: string;
  /** Values of the load-time symbols, by name. */
  readonly symbols: Readonly<Record<string, number>>;
  /** Bytes that this instance and its shared constants occupy. */
  readonly memoryBytes: number;
  /**
   * Runs an entry, once the runs before it are done. The arrays of the inputs may be used again at once.
   *
   * A run keeps the event loop for about 8 milliseconds, then timers, events and other requests have
   * their turn: it pauses between instructions and, on the wasm engines, within long ones. An abort is
   * noticed there.
   */
  run(inputs: Inputs, options?: RunOptions): Promise<Outputs>;
  /**
   * A copy of a parameter, state or output. Of the type that is named, so that its `data` needs no cast;
   * of any type where none is named.
   *
   * @throws {FewbitError} `not_found` without such a name, `dtype_mismatch` where it has another type.
   */
  read<D extends DType = DType>(name: string, dtype?: D): Promise<Tensor<D>>;
  /**
   * A copy of any tensor by its index in the program, at its present extents. Memory that lives
   * within a run is only meaningful right after the instruction that writes it.
   */
  peek(tensor: number): Promise<Tensor>;
  /** Overwrites a parameter or state. */
  write(name: string, data: TensorData): void;
  /** Sets the state to its initial bytes; with `slot`, only that index of the first extent. */
  reset(slot?: number): void;
  /**
   * The state as bytes that name this program; with `slot`, only that index of the first extent: the
   * state of one session. Of a cache only the rows are saved that sessions use: those of the tokens that
   * their last run had behind it.
   */
  saveState(slot?: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Restores what {@linkcode saveState} of the same program returned, with `slot` into that session. */
  restoreState(saved: Uint8Array, slot?: number): void;
  /**
   * Says that a session has had fewer tokens than its last run had behind it: so many rows of its caches are
   * saved, and the next run goes on behind them. Of a ring the caller knows that the rows before are there.
   *
   * @throws {FewbitError} `unsupported` where the program has no caches, `invalid_argument` for more tokens.
   */
  rewind(tokens: number, slot: number): void;
  /** A copy of the state, or of one session's, to go back to: where the state is, without checksums. */
  snapshot(slot?: number): Promise<StateSnapshot>;
  /**
   * Goes back to a snapshot of this instance. Rows of a cache are not copied: a snapshot ends where those
   * that were in use are written again, by a run with a smaller `past` or by `reset`, `restoreState`, `rewind`
   * or `write`.
   */
  rollback(snapshot: StateSnapshot): void;
  /** An instance with the same constants and copies of parameters and state. */
  fork(): Instance;
}

/** Options of a run that is not watched. */
export type SyncRunOptions = Omit<RunOptions, "signal" | "onProgress">;

/**
 * An instance whose memory is at hand. What it adds needs no promise; {@linkcode SyncInstance.begin} and
 * {@linkcode SyncInstance.runSync} are refused while a run is in progress.
 */
export interface SyncInstance extends Instance {
  /** Runs an entry to its end, without a pause. */
  runSync(inputs: Inputs, options?: SyncRunOptions): Outputs;
  /** Sets the inputs and begins an entry, to be advanced slice by slice. */
  begin(inputs: Inputs, options?: SyncRunOptions): Execution;
  /** {@linkcode Instance.read} at once. */
  readSync<D extends DType = DType>(name: string, dtype?: D): Tensor<D>;
  /** {@linkcode Instance.peek} at once. */
  peekSync(tensor: number): Tensor;
  /** {@linkcode Instance.saveState} at once. */
  saveStateSync(slot?: number): Uint8Array<ArrayBuffer>;
  /** {@linkcode Instance.fork} with the memory at hand. */
  fork(): SyncInstance;
}
