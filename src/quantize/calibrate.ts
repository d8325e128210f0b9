/**
 * Calibration: runs an integer network node by node, sets the scale of each site from what it
 * sees, and goes on with it, so that later nodes see what they will see when the scales are fixed.
 */
import { pauseIfDue, workBegins } from "../event_loop.ts";
import { FewbitError } from "../errors.ts";
import type { Inputs, Outputs, SyncInstance } from "../engines/engine.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import { packed } from "../layouts/elements.ts";
import { lower } from "../lower/lower.ts";
import type { LoweredProgram } from "../lower/lower.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { Tensor, TensorData } from "../tensor.ts";
import type { IntegerNetwork, SiteCodes } from "./integer_network.ts";
import { createObserver, scaleFor } from "./observer.ts";
import type { Observer, ObserverKind } from "./observer.ts";
import { scaleOfRange } from "./sites.ts";
import type { Site } from "./sites.ts";

/** What every calibration needs. */
export interface CalibrateRunsOptions {
  /** Entry of the graph that is run. */
  readonly entry: string;
  /** Loads the program that is run to see the activations. */
  readonly load: (
    program: CompiledProgram,
    symbols: Readonly<Record<string, number>>,
  ) => Promise<SyncInstance>;
  /** Stops between two nodes, where other work of the host goes on, too. */
  readonly signal?: AbortSignal;
  /** Called after each batch with the samples seen. */
  readonly onProgress?: (samples: number) => void;
  /** Told of each tap of the network in the moment that its codes are computed; `read` copies them. */
  readonly onTap?: (name: string, read: () => Tensor) => void;
  /** Told the outputs of each batch. */
  readonly onOutputs?: (outputs: Outputs) => void;
}

/** Options of {@linkcode calibrate}. */
export interface CalibrateOptions extends CalibrateRunsOptions {
  /** Default `minmax`, I-ViT's. */
  readonly observer?: ObserverKind;
  /** Largest number of samples in a batch. */
  readonly batchSize: number;
}

/** One run of a calibration. */
export interface CalibrationRun {
  /** Inputs by name. */
  readonly inputs: Inputs;
  /** Run-time symbols. */
  readonly symbols: Readonly<Record<string, number>>;
  /** Samples in it. */
  readonly samples: number;
}

/**
 * Finds the scales of all activations.
 *
 * @param network The integer network.
 * @param batches Float32 inputs, at most `batchSize` samples each.
 * @returns float32 scales by name.
 * @throws {FewbitError} `invalid_argument` without a batch, or where a value is not finite.
 */
export async function calibrate(
  network: IntegerNetwork,
  batches: Iterable<Float32Array> | AsyncIterable<Float32Array>,
  options: CalibrateOptions,
): Promise<Map<string, number>> {
  const [input] = network.graph.inputs.filter((value) => value.dtype === "f32");
  const size = input.shape.slice(1).reduce<number>((n, extent) => n * (extent as number), 1);
  async function* runs(): AsyncGenerator<CalibrationRun> {
    for await (const batch of batches) {
      const samples = batch.length / size;
      yield { inputs: { [input.name]: batch }, symbols: { batch: samples }, samples };
    }
  }
  const { observer = "minmax", batchSize } = options;
  return await calibrateRuns(network, runs(), {
    ...options,
    observer: () => createObserver(observer),
    symbols: { max_batch: batchSize },
  });
}

/**
 * Finds the scales of all activations of a network with any inputs.
 *
 * @param network The integer network.
 * @param runs What to run, in order.
 * @param options `observer` makes that of each activation, by name; `symbols` sizes the program.
 * @returns float32 scales by name.
 * @throws {FewbitError} `invalid_argument` without a run, or where a value is not finite.
 */
export async function calibrateRuns(
  network: IntegerNetwork,
  runs: Iterable<CalibrationRun> | AsyncIterable<CalibrationRun>,
  options: CalibrateRunsOptions & {
    readonly observer: (name: string) => Observer;
    readonly symbols: Readonly<Record<string, number>>;
  },
): Promise<Map<string, number>> {
  const { entry, signal, onProgress } = options;
  const lowered = lower(network.graph, {
    parameters: true,
    fuse: false,
    outputs: network.graph.outputs.filter((output) => output.entry === entry),
  });
  using instance = await options.load(lowered.program, options.symbols);
  const run = new Calibration(network, lowered, instance, options.observer);
  let seen = 0;
  await workBegins(signal);
  for await (const { inputs, symbols, samples } of runs) {
    signal?.throwIfAborted();
    const execution = instance.begin(inputs, { entry, symbols });
    run.constants();
    while (execution.done < execution.total) {
      const at = execution.done;
      run.before(at);
      await pauseIfDue(signal);
      execution.advance(1);
      if (options.onTap !== undefined) run.after(at, options.onTap);
      await pauseIfDue(signal);
    }
    options.onOutputs?.(execution.outputs());
    seen += samples;
    onProgress?.(seen);
  }
  if (seen === 0) throw new FewbitError("invalid_argument", "Cannot calibrate: no samples");
  return run.scales;
}

class Calibration {
  readonly scales: Map<string, number> = new Map();
  readonly #observers: Map<string, Observer>;
  readonly #at: Map<number, SiteCodes> = new Map();
  readonly #dependents: Map<string, { readonly name: string; readonly value: Value }[]> = new Map();

  constructor(
    readonly network: IntegerNetwork,
    readonly lowered: LoweredProgram,
    readonly instance: SyncInstance,
    observer: (name: string) => Observer,
  ) {
    this.#observers = new Map(network.sites.map(({ site: { name } }) => [name, observer(name)]));
    for (const codes of network.sites) {
      const instruction = lowered.instructions.get(codes.output.id);
      if (instruction !== undefined) this.#at.set(instruction, codes);
    }
    for (const parameter of lowered.derived) {
      for (const name of network.graph.constants.get(parameter.value.id)!.derivedFrom) {
        this.#dependents.set(name, [...this.#dependents.get(name) ?? [], parameter]);
      }
    }
  }

  /** Tells of the taps that instruction `index` has computed. */
  after(index: number, told: (name: string, read: () => Tensor) => void): void {
    for (const [name, { id }] of this.network.taps) {
      if (this.lowered.instructions.get(id) !== index) continue;
      told(name, () => this.instance.peekSync(this.lowered.tensors.get(id)!));
    }
  }

  /** Sets the scales that are known, and observes the sites that are constants. */
  constants(): void {
    for (const { site, source } of this.network.sites) {
      if (site.range !== undefined) {
        this.#set(site.name, scaleOfRange({ ...site, range: site.range }));
      }
      if (source.kind !== "constant") continue;
      const { data, shape } = source.tensor;
      this.#update(site, data as Float32Array, shape[shape.length - 1]);
    }
  }

  /** Observes the site whose codes instruction `index` is about to compute, if it computes one. */
  before(index: number): void {
    const codes = this.#at.get(index);
    if (codes === undefined) return;
    const { site, source } = codes;
    switch (source.kind) {
      case "input": {
        const { values, shape } = this.#values(source.x);
        const axis = shape.length === 4 ? 1 : shape.length - 1;
        const inner = shape.slice(axis + 1).reduce((n, extent) => n * extent, 1);
        const reals = values as Float32Array;
        return this.#update(site, toLast(reals, shape[axis], inner), shape[axis]);
      }
      case "activation": {
        const { values, shape } = this.#values(source.x);
        const scale = this.scales.get(source.scale)!;
        const reals = activationReals(values as Int8Array | Int16Array, scale, site.bits, source);
        return this.#update(site, reals, shape[shape.length - 1]);
      }
      case "tokens": {
        const ids = this.#values(source.ids).values as Int32Array;
        const reals = source.of(ids);
        return this.#update(site, reals, reals.length / ids.length);
      }
      case "codes": {
        const { values, shape } = this.#values(source.x);
        const scales = source.scale.of(this.scales);
        // Scores [B, heads, Q, L] have their heads as channels, as I-ViT's observer has axis 1.
        const isScores = shape.length === 4;
        const channels = shape[isScores ? 1 : shape.length - 1];
        const inner = isScores ? shape[2] * shape[3] : 1;
        const row = isScores ? undefined : source.constantRow?.(this.scales);
        const { identity } = source;
        if (
          identity === undefined && this.#observers.get(site.name)!.looksAtExtremes &&
          (inner === 1 || scales.length === 1)
        ) {
          // Products with a scale are rounded monotonically: the extremes of codes are those of the reals.
          const ends = extremesOf(values as Int32Array, channels, inner);
          return this.#update(site, withRow(toReals(ends, scales, channels), row), channels);
        }
        const width = shape[shape.length - 1];
        const reals = toReals(values, scales, width);
        if (identity !== undefined) {
          const { values: codes } = this.#values(identity.x);
          addReals(reals, toReals(codes, identity.scale.of(this.scales), width));
        }
        return this.#update(site, withRow(toLast(reals, channels, inner), row), channels);
      }
    }
  }

  #values(value: Value): { values: TensorData; shape: readonly number[] } {
    const { graph } = this.network;
    const constant = graph.constants.get(value.id);
    if (constant !== undefined) {
      const { data, shape } = constant.tensor(this.scales);
      return { values: data, shape };
    }
    const tensor = this.lowered.tensors.get(value.id) ?? this.#input(value) ??
      this.lowered.tensors.get(movedFrom(graph, value).id);
    if (tensor === undefined) throw new FewbitError("internal", `No memory for ${value.id}`);
    const { data, shape } = this.instance.peekSync(tensor);
    return { values: data, shape };
  }

  #input(value: Value): number | undefined {
    if (!this.network.graph.inputs.includes(value)) return undefined;
    return this.instance.program.tensors.findIndex((tensor) =>
      tensor.region === "input" && tensor.name === value.name
    );
  }

  #update({ name, bits, range, zeroPoint }: Site, values: Float32Array, channels: number): void {
    if (range !== undefined) return;
    // Observers see how large values are, not where they begin.
    if (zeroPoint !== undefined) {
      throw new FewbitError(
        "unsupported",
        `Cannot calibrate ${name}: it has a zero point and no range`,
      );
    }
    const magnitude = this.#observers.get(name)!.observe(values, channels);
    this.#set(name, scaleFor(magnitude, bits, name));
  }

  #set(name: string, scale: number): void {
    this.scales.set(name, scale);
    for (const { name: parameter, value } of this.#dependents.get(name) ?? []) {
      const constant = this.network.graph.constants.get(value.id)!;
      if (!constant.derivedFrom.every((from) => this.scales.has(from))) continue;
      const { layout } = this.instance.program.tensors.find((tensor) => tensor.name === parameter)!;
      this.instance.write(parameter, packed(constant.tensor(this.scales), layout));
    }
  }
}

/** The value whose memory a reshape shows. */
function movedFrom(graph: Graph, value: Value): Value {
  const node = graph.nodes.find(({ outputs }) => outputs.y === value);
  return isNode(node, "Reshape") ? movedFrom(graph, node.inputs.x) : value;
}

/** An activation of codes in float32, with the divisors of their channels. */
function activationReals(
  codes: Int8Array | Int16Array,
  scale: number,
  bits: number,
  { f, before, after }: {
    readonly f: (x: number) => number;
    readonly before?: Float32Array;
    readonly after?: Float32Array;
  },
): Float32Array {
  const reals = new Float32Array(codes.length);
  if (before !== undefined && after !== undefined) {
    const width = before.length;
    for (let i = 0; i < reals.length; i++) {
      reals[i] = f(codes[i] * (scale * before[i % width])) / after[i % width];
    }
    return reals;
  }
  const half = bits === 12 ? 2048 : 128;
  const table = Float32Array.from({ length: 2 * half }, (_, i) => f((i - half) * scale));
  for (let i = 0; i < reals.length; i++) {
    reals[i] = table[Math.max(-half, Math.min(half - 1, codes[i])) + half];
  }
  return reals;
}

/** `fl32(fl32(code)·scale)`, a scale for all or one for each channel. */
function toReals(codes: TensorData, scales: Float32Array, channels: number): Float32Array {
  const reals = new Float32Array(codes as Int32Array);
  if (scales.length === 1) {
    const [scale] = scales;
    for (let i = 0; i < reals.length; i++) reals[i] *= scale;
    return reals;
  }
  for (let at = 0; at < reals.length; at += channels) {
    for (let c = 0; c < channels; c++) reals[at + c] *= scales[c];
  }
  return reals;
}

/** The least code of each channel, then the largest of each. */
function extremesOf(codes: Int32Array, channels: number, inner: number): Int32Array {
  const low = Int32Array.from({ length: channels }, (_, c) => codes[c * inner]);
  const high = low.slice();
  if (inner === 1) {
    for (let at = 0; at < codes.length; at += channels) {
      for (let c = 0; c < channels; c++) {
        const code = codes[at + c];
        if (code < low[c]) low[c] = code;
        if (code > high[c]) high[c] = code;
      }
    }
  } else {
    for (let at = 0, block = 0; at < codes.length; at += inner, block++) {
      let [least, most] = [low[block % channels], high[block % channels]];
      for (let i = at; i < at + inner; i++) {
        const code = codes[i];
        if (code < least) least = code;
        if (code > most) most = code;
      }
      low[block % channels] = least;
      high[block % channels] = most;
    }
  }
  return Int32Array.of(...low, ...high);
}

/** Adds an identity that may repeat. */
function addReals(reals: Float32Array, identity: Float32Array): void {
  for (let at = 0; at < reals.length; at += identity.length) {
    for (let i = 0; i < identity.length; i++) reals[at + i] += identity[i];
  }
}

/** Moves the channel axis to the end: element i then belongs to channel i mod channels. */
function toLast(values: Float32Array, channels: number, inner: number): Float32Array {
  if (inner === 1) return values;
  const moved = new Float32Array(values.length);
  const block = channels * inner;
  for (let at = 0; at < values.length; at += block) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < inner; i++) moved[at + i * channels + c] = values[at + c * inner + i];
    }
  }
  return moved;
}

/** Values, and behind them a row that is constant. */
function withRow(values: Float32Array, row: Float32Array | undefined): Float32Array {
  if (row === undefined) return values;
  const both = new Float32Array(values.length + row.length);
  both.set(values);
  both.set(row, values.length);
  return both;
}
