/** Which values of a network that trains are kept in 16 bits, and what is kept of its parameters. */
import { FewbitError } from "../errors.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { cast } from "../graph/ops/mod.ts";
import { madeBy } from "../graph/storage.ts";
import type { Master, Storage } from "../graph/storage.ts";
import { nodesOf, outputsOf } from "../graph/traversal.ts";
import type { HalfType } from "../numeric/half.ts";
import { lowHalf } from "../numeric/split_master.ts";
import { RandomWords } from "./_random_words.ts";

/** How a network is kept while it trains: as float32, or in 16 bits, with sums, statistics and optimisers in float32. */
export type TrainingType = "f32" | HalfType;

/** All of them. */
export const TRAINING_TYPES: readonly TrainingType[] = ["f32", "bf16", "f16"];

/**
 * What there is of a parameter beside its 16 bits, so that updates which are smaller than half a unit of these are not lost:
 * `f32`, the parameter itself, of which a step makes a copy; `split`, what float32 has below bfloat16, so that both together take
 * four bytes; `kahan`, what was rounded away last; `stochastic`, nothing, but updates are rounded up with the probability of what
 * they lose; `none`, nothing: small updates are lost.
 */
export type MasterKind = "f32" | Master["kind"] | "none";

/** All of them. */
export const MASTERS: readonly MasterKind[] = ["f32", "split", "kahan", "stochastic", "none"];

/** How sums of products are kept: as float32, or rounded to the 16 bits of the result after each multiply-accumulate. */
export type SumsKind = "f32" | "16";

/** Both. */
export const SUMS_KINDS: readonly SumsKind[] = ["f32", "16"];

/** Behind the name of a parameter: what is below its upper half, and what was rounded away. */
export const LOW = ".low", REST = ".rest";

/** Words of the random numbers of stochastic rounding: a seed, and the step. */
export const ROUNDING = "train.rounding";

/** `SROU`: the first stream of random numbers of stochastic rounding, one a parameter. */
const ROUNDING_STREAM = 0x53524f55;

/** What is asked for. */
export interface PrecisionSettings {
  /** One type, or that of the layer that has a parameter of this name. */
  readonly dtype: TrainingType | ((parameter: string) => TrainingType);
  /** Of parameters that change. Default: `split` for bfloat16, else `f32`. */
  readonly master?: MasterKind | undefined;
  /** Of products whose result is kept in 16 bits. Default `f32`. */
  readonly sums?: SumsKind | undefined;
  /** Of stochastic rounding. */
  readonly seed: number;
}

/**
 * Keeps a network in 16 bits. The network is what outputs need; what only a loss needs is float32. A layer is kept as its first
 * parameter says, another node as its first input; where one in 16 bits reads float32, that is rounded first. Normalisations made of
 * several nodes are rounded at their end.
 */
export class HalfPrecision {
  readonly #graph: Graph;
  readonly #settings: PrecisionSettings;
  readonly #network: ReadonlySet<Node>;
  /** By the id of values of the source. */
  readonly #types = new Map<number, HalfType>();
  readonly #parameters: ReadonlySet<number>;
  /** Normalised values that are not scaled and shifted yet, of the new graph. */
  readonly #inner = new Set<number>();
  readonly #casts = new Map<string, Value>();
  #rounding: RandomWords | undefined;

  /**
   * @param source The network.
   * @param graph The graph that trains it, without nodes yet.
   * @param changing Parameters that change.
   */
  constructor(
    source: Graph,
    graph: Graph,
    changing: readonly Value[],
    settings: PrecisionSettings,
  ) {
    this.#graph = graph;
    this.#settings = settings;
    this.#network = new Set(nodesOf(source, source.outputs));
    this.#parameters = new Set(source.parameters.map(({ id }) => id));
    for (const node of this.#network) {
      const type = this.#typeOf(node);
      if (type === undefined) continue;
      for (const { id } of outputsOf(node)) this.#types.set(id, type);
      for (const input of Object.values(node.inputs)) {
        if (input === undefined || !this.#parameters.has(input.id)) continue;
        if (!graph.storage.has(input.id)) this.#keepParameter(input, changing.includes(input));
      }
    }
  }

  /** What a node reads in place of a value that was made for the new graph. */
  read(node: Node, value: Value, made: Value): Value {
    const type = this.#network.has(node) ? this.#typeOf(node) : undefined;
    if (type === undefined || made.dtype !== "f32" || this.#inner.has(made.id)) return made;
    const isEdge = this.#parameters.has(value.id) || this.#graph.inputs.includes(made) ||
      madeBy(this.#graph, made) !== undefined;
    if (!isEdge || this.#isKept(made)) return made;
    const key = `${made.id} ${type}`;
    const known = this.#casts.get(key);
    if (known !== undefined) return known;
    const rounded = this.#graph.apply(cast, { x: made });
    this.#graph.storage.set(rounded.id, this.#keptAs(type));
    this.#casts.set(key, rounded);
    return rounded;
  }

  /** Keeps what was made in place of a node's outputs. */
  keep(node: Node, made: Node["outputs"]): void {
    if (!this.#network.has(node)) return;
    const type = this.#typeOf(node);
    for (const value of Object.values(made)) {
      if (type === undefined || value.dtype !== "f32") continue;
      if (this.#isInner(node, value)) this.#inner.add(value.id);
      else {
        const { id } = madeBy(this.#graph, value) ?? value;
        // Of a view also how it shows itself: its gradient is kept alike.
        if (!this.#inner.has(id)) {
          for (const kept of new Set([id, value.id])) {
            this.#graph.storage.set(kept, this.#keptAs(type));
          }
        }
      }
    }
  }

  /** Counts the step of stochastic rounding. */
  count(entry: string): void {
    this.#rounding?.count(entry, entry);
  }

  /** Whether 16 bits of float16 are among what is kept: gradients may then be too small or too large. */
  get needsScale(): boolean {
    return [...this.#types.values()].includes("f16");
  }

  #keptAs(type: HalfType): Storage {
    return { type, ...this.#settings.sums === "16" && { sums: true } };
  }

  #isKept(made: Value): boolean {
    return this.#graph.storage.has(made.id);
  }

  /** Whether a value is inside of a normalisation made of nodes. */
  #isInner({ op, inputs }: Node, made: Value): boolean {
    if (op === "MeanVarianceNormalization") return true;
    const node = this.#graph.nodes.findLast(({ outputs }) =>
      Object.values(outputs).some(({ id }) => id === made.id)
    );
    const reads = Object.values(node?.inputs ?? inputs);
    const isWithin = op === "Mul" || node?.definition.isView === true;
    return isWithin && reads.some((x) => x !== undefined && this.#inner.has(x.id));
  }

  #typeOf({ inputs }: Node): HalfType | undefined {
    const { dtype } = this.#settings;
    const half = (type: TrainingType): HalfType | undefined => type === "f32" ? undefined : type;
    if (typeof dtype !== "function") return half(dtype);
    const given = Object.values(inputs).filter((input) => input !== undefined);
    const parameter = given.find(({ id }) => this.#parameters.has(id));
    if (parameter !== undefined) return half(checkedType(parameter.name, dtype(parameter.name)));
    return given.map(({ id }) => this.#types.get(id)).find((type) => type !== undefined);
  }

  #keepParameter(parameter: Value, changes: boolean): void {
    const { dtype, master } = this.#settings;
    const type = typeof dtype === "function" ? dtype(parameter.name) : dtype;
    if (type === "f32") return;
    // Where layers have both types, those of float16 have no lower halves.
    const isSplit = master === undefined || master === "split";
    const kind = !isSplit ? master : type === "bf16" ? "split" : "f32";
    // What a step makes a copy of stays as it is.
    if (kind === "f32") return;
    // Also of what does not change the lower halves are kept: it goes on as it was given.
    const kept = changes || kind === "split" ? this.#master(parameter, kind) : undefined;
    this.#graph.storage.set(parameter.id, {
      ...this.#keptAs(type),
      ...kept && { master: kept },
    });
    if (kept?.kind === "kahan") this.#graph.storage.set(kept.rest.id, { type });
  }

  #master({ id, name, shape }: Value, kind: Exclude<MasterKind, "f32">): Master | undefined {
    const graph = this.#graph;
    switch (kind) {
      case "split": {
        const values = graph.initial.get(id)!.data as Float32Array<ArrayBuffer>;
        const low = Int16Array.from(new Uint32Array(values.slice().buffer), lowHalf);
        return { kind, low: graph.state(`${name}${LOW}`, "i16", shape, low) };
      }
      case "kahan":
        return { kind, rest: graph.state(`${name}${REST}`, "f32", shape) };
      case "stochastic": {
        this.#rounding ??= new RandomWords(graph, this.#settings.seed, 1, ROUNDING);
        const stream = ROUNDING_STREAM + graph.parameters.findIndex((p) => p.id === id);
        return { kind, random: this.#rounding.of(0), stream };
      }
      case "none":
        return undefined;
    }
  }
}

function checkedType(parameter: string, type: TrainingType): TrainingType {
  if (TRAINING_TYPES.includes(type)) return type;
  throw new FewbitError(
    "invalid_argument",
    `Cannot train: dtype of ${parameter} is ${String(type)}, expected one of ${TRAINING_TYPES}`,
  );
}
