/** Nodes of a graph that reach one another, by Tarjan's algorithm. */

/** Strongly connected components of more than one node, each sorted. */
export function circles(edges: Iterable<readonly [from: string, to: string]>): string[][] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) {
    if (from === to) continue;
    if (!next.has(from)) next.set(from, new Set());
    next.get(from)!.add(to);
  }
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string): void => {
    const index = order.size;
    order.set(node, index);
    lowest.set(node, index);
    stack.push(node);
    for (const target of next.get(node) ?? []) {
      if (!order.has(target)) {
        visit(target);
        lowest.set(node, Math.min(lowest.get(node)!, lowest.get(target)!));
      } else if (stack.includes(target)) {
        lowest.set(node, Math.min(lowest.get(node)!, order.get(target)!));
      }
    }
    if (lowest.get(node) !== index) return;
    const component = stack.splice(stack.indexOf(node)).sort();
    if (component.length > 1) found.push(component);
  };
  for (const node of next.keys()) if (!order.has(node)) visit(node);
  return found.sort();
}
