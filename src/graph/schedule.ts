/** An entry of a graph as nodes in the order in which they run, some of them more than once, and the memory that they take. */
import { TENSOR_ALIGNMENT } from "../program/format.ts";
import { DTYPE_BYTES } from "../tensor.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { sizeOf } from "./node_work.ts";
import { inputsOf, nodesOf, outputsOf, producersOf } from "./traversal.ts";

/** A value as one of the turns of its node made it. */
export type Version = number;

/** A node in its turn. */
export interface Turn {
  readonly node: Node;
  /** What it reads of what turns make; views are read as what they show. */
  readonly reads: readonly Version[];
  readonly makes: readonly Version[];
  /** Whether the node has had a turn before. */
  readonly isAgain: boolean;
}

/** When memory is taken. */
interface Profile {
  /** The turn that makes each version. */
  readonly first: Int32Array;
  /** The last turn that needs it. */
  readonly last: Int32Array;
  /** Turns that read it, ascending. */
  readonly readers: readonly (readonly number[])[];
  /** Bytes during each turn. */
  readonly bytes: Float64Array;
}

/** Turns of an entry; a schedule does not change. */
export class Schedule {
  #profile: Profile | undefined;

  private constructor(
    readonly turns: readonly Turn[],
    /** What each version is a version of. */
    readonly values: readonly Value[],
    readonly memory: EntryMemory,
  ) {}

  /** The nodes of an entry in the order of the graph, each once. */
  static of(graph: Graph, entry: string): Schedule {
    const nodes = nodesOf(
      graph,
      [...graph.outputs, ...graph.updates].filter((of) => of.entry === entry),
    );
    const memory = new EntryMemory(graph);
    const versions = new Map<number, Version>();
    const values: Value[] = [];
    const turns = nodes.filter((node) => !isView(node)).map((node): Turn => {
      const read = new Set(inputsOf(node).map((input) => memory.shownBy(input).id));
      const reads = [...read].flatMap((id) => versions.get(id) ?? []);
      const makes = outputsOf(node).map((value) => {
        versions.set(value.id, values.length);
        return values.push(value) - 1;
      });
      return { node, reads, makes, isAgain: false };
    });
    return new Schedule(turns, values, memory);
  }

  /**
   * The schedule in which some nodes have a turn once more. Who comes later reads what these make.
   *
   * @param at The turn before which they have it.
   * @param again Turns of theirs, in order.
   */
  repeated(at: number, again: readonly Turn[]): Schedule {
    const { first } = this.profile;
    const values = [...this.values];
    const newest = newestBefore(this, at);
    const now = (version: Version): Version => newest.get(values[version].id)!;
    const made = again.map(({ node, reads, makes }): Turn => {
      const present = reads.map(now);
      const own = makes.map((version) => values.push(values[version]) - 1);
      for (const version of own) newest.set(values[version].id, version);
      return { node, reads: present, makes: own, isAgain: true };
    });
    const later = this.turns.slice(at).map((turn): Turn => ({
      ...turn,
      reads: turn.reads.map((version) => first[version] < at ? now(version) : version),
    }));
    return new Schedule([...this.turns.slice(0, at), ...made, ...later], values, this.memory);
  }

  /** The schedule in which the same turns come in another order. */
  reordered(turns: readonly Turn[]): Schedule {
    return new Schedule(turns, this.values, this.memory);
  }

  /** When memory is taken. */
  get profile(): Profile {
    return this.#profile ??= profileOf(this);
  }

  /** Most bytes that are taken at once. */
  get peak(): number {
    return this.profile.bytes.reduce((a, b) => Math.max(a, b), 0);
  }
}

/** The newest version of each value before a turn, by the value's id; of older ones nobody needs anything any more. */
export function newestBefore({ turns, values }: Schedule, at: number): Map<number, Version> {
  const newest = new Map<number, Version>();
  for (let i = 0; i < at; i++) {
    for (const version of turns[i].makes) newest.set(values[version].id, version);
  }
  return newest;
}

function profileOf({ turns, values, memory }: Schedule): Profile {
  const first = new Int32Array(values.length).fill(-1);
  const last = new Int32Array(values.length).fill(-1);
  const readers: number[][] = values.map(() => []);
  turns.forEach(({ reads, makes }, i) => {
    for (const version of makes) first[version] = last[version] = i;
    for (const version of reads) {
      last[version] = i;
      readers[version].push(i);
    }
  });
  // What is taken from a turn on, less what is given back after the one before.
  const bytes = new Float64Array(turns.length + 1);
  values.forEach((value, version) => {
    const size = memory.bytesOf(value);
    bytes[first[version]] += size;
    bytes[last[version] + 1] -= size;
  });
  for (let i = 1; i < bytes.length; i++) bytes[i] += bytes[i - 1];
  return { first, last, readers, bytes: bytes.subarray(0, turns.length) };
}

/** Where the values of a graph lie. */
export class EntryMemory {
  readonly #graph: Graph;
  readonly #producers: ReadonlyMap<number, Node>;
  readonly #bytes = new Map<number, number>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#producers = producersOf(graph);
  }

  /** The value that a view shows; what an update gives is a value of its own. */
  shownBy(value: Value): Value {
    const node = this.#producers.get(value.id);
    return node !== undefined && isView(node) ? this.shownBy(inputsOf(node)[0]) : value;
  }

  /** The memory behind a value, through updates too: a state or parameter, or the value that a node makes. */
  memoryOf(value: Value): Value {
    const node = this.#producers.get(value.id);
    return node?.definition.isView === true ? this.memoryOf(inputsOf(node)[0]) : value;
  }

  /** Bytes that a value of a node takes for as long as it is needed; 0 for what outlives a run. */
  bytesOf(value: Value): number {
    const known = this.#bytes.get(value.id);
    if (known !== undefined) return known;
    const isOwn = this.memoryOf(value) === value;
    const type = this.#graph.storage.get(value.id)?.type ?? value.dtype;
    const size = sizeOf(value) * DTYPE_BYTES[type];
    const bytes = isOwn ? Math.ceil(size / TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT : 0;
    this.#bytes.set(value.id, bytes);
    return bytes;
  }
}

/** Whether a node shows what is there already. */
export function isView({ definition: { isView, writes = [] } }: Node): boolean {
  return isView === true && writes.length === 0;
}
