/** Recurrent layers, unrolled through time. */
import type { Value } from "../../graph/graph.ts";
import { linear, padColumns, sliceColumns } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** What a recurrent layer reads; weights are PyTorch's, `[gates·H, …]`. */
export interface RecurrentInputs {
  /** `[T, N, I]`: time first. */
  readonly x: Value;
  /** `[N, H]`: the state before the first step. */
  readonly initial: Value;
  /** `[gates·H, I]`. */
  readonly inputWeight: Value;
  /** `[gates·H, H]`. */
  readonly stateWeight: Value;
  /** `[gates·H]`, added to what comes from the input. */
  readonly inputBias: Value;
  /** `[gates·H]`, added to what comes from the state. */
  readonly stateBias: Value;
}

/** Elman's network: `h' = tanh(W x + b + V h + c)`; the states `[T, N, H]`. */
export function rnn(build: NodeBuilder, inputs: RecurrentInputs): Value {
  return unroll(
    build,
    inputs,
    (fromInput, fromState) => build.unary(build.add(fromInput, fromState), "tanh"),
  );
}

/** GRU with PyTorch's gates r, z, n: `n = tanh(W x + b + r·(V h + c))`, `h' = (1 − z)·n + z·h`. */
export function gru(build: NodeBuilder, inputs: RecurrentInputs): Value {
  return unroll(build, inputs, (fromInput, fromState, h) => {
    const size = h.shape[1] as number;
    const gate = (x: Value, i: number): Value => columns(build, x, i * size, (i + 1) * size);
    const sigmoid = (i: number): Value =>
      build.unary(build.add(gate(fromInput, i), gate(fromState, i)), "sigmoid");
    const [r, z] = [sigmoid(0), sigmoid(1)];
    const reset = build.mul(r, gate(fromState, 2));
    const n = build.unary(build.add(gate(fromInput, 2), reset), "tanh");
    // (1 − z)·n + z·h = n + z·(h − n)
    return build.add(n, build.mul(z, build.sub(h, n)));
  });
}

/** Applies a cell step after step, to what a step's input and the state become by the weights. */
function unroll(
  build: NodeBuilder,
  { x, initial, inputWeight, stateWeight, inputBias, stateBias }: RecurrentInputs,
  cell: (fromInput: Value, fromState: Value, h: Value) => Value,
): Value {
  const { graph } = build;
  const [time, batch] = x.shape as number[];
  const [gates] = inputWeight.shape as number[];
  const size = initial.shape[1] as number;
  const all = graph.apply(linear, { x, weight: inputWeight, bias: inputBias });
  const steps = build.reshape(all, [1, time * batch * gates]);
  const width = batch * size;
  let h = initial;
  let states: Value | undefined;
  for (let t = 0; t < time; t++) {
    const part = columns(build, steps, t * batch * gates, (t + 1) * batch * gates);
    const fromState = graph.apply(linear, { x: h, weight: stateWeight, bias: stateBias });
    h = cell(build.reshape(part, [batch, gates]), fromState, h);
    const placed = graph.apply(padColumns, { x: build.reshape(h, [1, width]) }, {
      before: t * width,
      after: (time - 1 - t) * width,
    });
    states = states === undefined ? placed : build.add(states, placed);
  }
  return build.reshape(states!, [time, batch, size]);
}

function columns(build: NodeBuilder, x: Value, start: number, end: number): Value {
  return build.graph.apply(sliceColumns, { x }, { start, end });
}
