/** From a schedule back to a graph. */
import type { Graph, GraphUpdate, Node, Value } from "./graph.ts";
import { unnamed } from "./rewrite.ts";
import { isView } from "./schedule.ts";
import type { Schedule, Version } from "./schedule.ts";
import { nodesOf, producersOf } from "./traversal.ts";

/** A graph whose entry has its nodes in the order of a schedule; the other entries are as they were. */
export function scheduledGraph(source: Graph, entry: string, schedule: Schedule): Graph {
  const graph = source.derive();
  const isOf = (of: { readonly entry: string }): boolean => of.entry === entry;
  const all = [...source.outputs, ...source.updates];
  const made = new Map<number, Value>();
  const others = (value: Value): Value => made.get(value.id) ?? value;
  const named = nodesOf(source, all.filter((of) => !isOf(of)));
  for (const node of named) {
    const copies = graph.replay(node, others);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name]);
    keepStorage(source, graph, node, copies);
  }
  const scheduled = new ScheduledValues(source, graph, schedule, new Set(named));
  const valueOf = (of: GraphUpdate): Value =>
    isOf(of) ? scheduled.first(of.value) : others(of.value);
  for (const output of source.outputs) graph.output(output.name, valueOf(output), output.entry);
  for (const update of source.updates) graph.update(valueOf(update), update.entry);
  return graph;
}

/** The values of the entry in the new graph. */
class ScheduledValues {
  readonly #source: Graph;
  readonly #graph: Graph;
  readonly #schedule: Schedule;
  readonly #producers: ReadonlyMap<number, Node>;
  /** By version. */
  readonly #made: Value[] = [];
  /** Views by the id of the value and the version that they show. */
  readonly #views = new Map<string, Value>();
  /** Nodes whose names are taken. */
  readonly #named: Set<Node>;

  constructor(source: Graph, graph: Graph, schedule: Schedule, named: Set<Node>) {
    this.#source = source;
    this.#graph = graph;
    this.#schedule = schedule;
    this.#producers = producersOf(source);
    this.#named = named;
    const { turns, values, memory } = schedule;
    for (const { node, reads, makes } of turns) {
      const copies = this.#replay(node, (value) => {
        const { id } = memory.shownBy(value);
        return this.#shown(value, reads.find((version) => values[version].id === id));
      });
      const outputs = Object.values(copies);
      makes.forEach((version, i) => this.#made[version] = outputs[i]);
    }
  }

  /** What stands for a value as it was made first. */
  first(value: Value): Value {
    const { id } = this.#schedule.memory.shownBy(value);
    const version = this.#schedule.values.findIndex((of) => of.id === id);
    return this.#shown(value, version < 0 ? undefined : version);
  }

  #shown(value: Value, version: Version | undefined): Value {
    const node = this.#producers.get(value.id);
    if (node === undefined || !isView(node)) {
      return version === undefined ? value : this.#made[version];
    }
    const key = `${value.id} ${version}`;
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    // A view has one output.
    const [view] = Object.values(this.#replay(node, (input) => this.#shown(input, version)));
    this.#views.set(key, view);
    return view;
  }

  #replay(node: Node, valueOf: (value: Value) => Value): Node["outputs"] {
    const copies = this.#graph.replay(this.#named.has(node) ? unnamed(node) : node, valueOf);
    this.#named.add(node);
    keepStorage(this.#source, this.#graph, node, copies);
    return copies;
  }
}

function keepStorage(
  source: Graph,
  graph: Graph,
  { outputs }: Node,
  copies: Node["outputs"],
): void {
  for (const [name, { id }] of Object.entries(outputs)) {
    const storage = source.storage.get(id);
    if (storage !== undefined) graph.storage.set(copies[name].id, storage);
  }
}
