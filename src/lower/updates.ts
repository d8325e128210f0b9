/** What the nodes of an entry update while it runs: a read may not move past that. */
import type { Node, Value } from "../graph/graph.ts";
import { inputsOf } from "../graph/traversal.ts";

/** The updates of the nodes of an entry. */
export class Updates {
  readonly #nodes: readonly Node[];
  readonly #producers: ReadonlyMap<number, Node>;
  readonly #updated: ReadonlySet<Value>;

  /**
   * @param nodes The nodes of the entry, in order.
   * @param producers The node that makes each value, by the value's id.
   */
  constructor(nodes: readonly Node[], producers: ReadonlyMap<number, Node>) {
    this.#nodes = nodes;
    this.#producers = producers;
    this.#updated = new Set(nodes.flatMap(updatesOf));
  }

  /** A state or parameter that a node reads, and that another one updates before `last` comes. */
  between(node: Node, last: Node): Value | undefined {
    if (this.#updated.size === 0) return undefined;
    const stored = new Set(inputsOf(node).map((value) => this.#memoryOf(value)));
    const from = this.#nodes.indexOf(node) + 1;
    return this.#nodes.slice(from, this.#nodes.indexOf(last)).flatMap(updatesOf)
      .find((value) => stored.has(value));
  }

  /** Whether a node of the entry updates the memory of a value. */
  has(value: Value): boolean {
    return this.#updated.has(this.#memoryOf(value));
  }

  /** The value whose memory a value shows. */
  #memoryOf(value: Value): Value {
    const node = this.#producers.get(value.id);
    return node?.definition.isView === true ? this.#memoryOf(inputsOf(node)[0]) : value;
  }
}

function updatesOf({ definition: { writes = [] }, inputs }: Node): Value[] {
  return writes.map((input) => inputs[input]).filter((value) => value !== undefined);
}
