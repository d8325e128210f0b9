/** Attention, recurrences and positions of the oracle. */
import {
  conv,
  linear,
  matMul,
  padColumns,
  scan,
  sliceColumns,
} from "../../../src/graph/ops/mod.ts";
import type { Value } from "../../../src/graph/graph.ts";
import type { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { attention } from "../../../src/training/layers/attention.ts";
import { gru, rnn } from "../../../src/training/layers/recurrent.ts";
import type { RecurrentInputs } from "../../../src/training/layers/recurrent.ts";
import type { Build } from "./_oracle.ts";

function recurrent(inputs: Readonly<Record<string, Value>>): RecurrentInputs {
  return {
    x: inputs.x,
    initial: inputs.h0,
    inputWeight: inputs.w_ih,
    stateWeight: inputs.w_hh,
    inputBias: inputs.b_ih,
    stateBias: inputs.b_hh,
  };
}

/** Two halves of columns next to one another. */
function beside(build: NodeBuilder, a: Value, b: Value): Value {
  const size = a.shape[a.shape.length - 1] as number;
  const left = build.graph.apply(padColumns, { x: a }, { before: 0, after: size });
  return build.add(left, build.graph.apply(padColumns, { x: b }, { before: size, after: 0 }));
}

/** By the oracle's name of the op. */
export const SEQUENCES: Readonly<Record<string, Build>> = {
  Attention(build, { q, k, v }, { heads, causal, offsets }) {
    const planes = (x: Value): Value => build.reshape(x, [1, ...x.shape]);
    const inputs = { q: planes(q), k: planes(k), v: planes(v) };
    const y = attention(build, inputs, { heads, causal, ...offsets && { offsets } });
    return { y: build.reshape(y, q.shape) };
  },
  MHSA(build, inputs, { heads, causal }) {
    const by = (x: Value, of: string): Value =>
      build.graph.apply(linear, { x, weight: inputs[`w${of}`], bias: inputs[`b${of}`] });
    const { x } = inputs;
    const rows = { q: by(x, "q"), k: by(x, "k"), v: by(x, "v") };
    return { y: by(attention(build, rows, { heads, causal }), "o") };
  },
  RNN: (build, inputs) => ({ y: rnn(build, recurrent(inputs)) }),
  GRU: (build, inputs) => ({ y: gru(build, recurrent(inputs)) }),
  "RNN step"(build, { x, s, wx, ws }) {
    const by = (a: Value, b: Value): Value => build.graph.apply(matMul, { a, b });
    return { y: build.unary(build.add(by(x, wx), by(s, ws)), "tanh") };
  },
  Scan: (build, { f, c, s0 }) => ({ y: build.graph.apply(scan, { f, x: c, initial: s0 }) }),
  RotaryEmbedding(build, { x, cos, sin }) {
    const half = (start: number): Value =>
      build.graph.apply(sliceColumns, { x }, { start, end: start + 3 });
    const [a, b] = [half(0), half(3)];
    const first = build.sub(build.mul(a, cos), build.mul(b, sin));
    return { y: beside(build, first, build.add(build.mul(a, sin), build.mul(b, cos))) };
  },
  Add: (build, { x, p }) => ({ y: build.add(x, p) }),
  "causal depthwise Conv1D"(build, { x, w }) {
    const [time, channels] = x.shape as number[];
    const [, taps] = w.shape as number[];
    const y = build.graph.apply(conv, {
      x: build.reshape(x, [1, time, 1, channels]),
      weight: build.reshape(w, [channels, taps, 1, 1]),
    }, { pads: [taps - 1, 0, 0, 0], group: channels });
    return { y: build.unary(build.reshape(y, x.shape), "silu") };
  },
};
