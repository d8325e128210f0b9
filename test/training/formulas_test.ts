/** Losses, layers, schedules and optimisers against formulas in plain numbers. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { ExactProgram } from "../../src/engines/reference/exact.ts";
import { compile } from "../../src/lower/compile.ts";
import { groupNormalization } from "../../src/training/layers/group_normalization.ts";
import { gru, rnn } from "../../src/training/layers/recurrent.ts";
import { resizeWeights } from "../../src/training/layers/resize.ts";
import { crossEntropy, distillation } from "../../src/training/losses/cross_entropy.ts";
import {
  berHu,
  binaryCrossEntropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from "../../src/training/losses/regression.ts";
import { clipByNorm, clipByValue, movingAverage } from "../../src/training/optimizers/clipping.ts";
import { optimizerStep } from "../../src/training/optimizers/optimizer.ts";
import type { Optimizer } from "../../src/training/optimizers/optimizer.ts";
import { learningRate } from "../../src/training/optimizers/schedule.ts";
import type { Schedule } from "../../src/training/optimizers/schedule.ts";
import { Random } from "../conformance/_random.ts";
import { exactly } from "./_exact.ts";

const random = new Random(41);
const draw = (count: number, by = 2): number[] =>
  Array.from({ length: count }, () => Math.fround((random.unit() - 0.5) * by));

function near(got: readonly number[], want: readonly number[], relative = 1e-6): void {
  assert.equal(got.length, want.length);
  const most = Math.max(...want.map(Math.abs), 1e-3);
  got.forEach((value, i) =>
    assert.ok(Math.abs(value - want[i]) <= relative * most, `${i}: ${value}, not ${want[i]}`)
  );
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const rowsOf = (values: readonly number[], size: number): number[][] =>
  Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));
const logSoftmax = (row: readonly number[]): number[] => {
  const total = Math.log(sum(row.map(Math.exp)));
  return row.map((x) => x - total);
};

Deno.test("cross-entropy: labels, smoothing, weights, ignored rows, sums", () => {
  const [R, C] = [4, 3];
  const [x, labels, weights] = [draw(R * C, 6), [2, -100, 0, 1], [0.5, 2, 1.5]];
  const logs = rowsOf(x, C).map(logSoftmax);
  for (const smoothing of [0, 0.3]) {
    for (const w of [[1, 1, 1], weights]) {
      for (const reduction of ["mean", "sum"] as const) {
        const got = exactly((build, give) =>
          crossEntropy(build, give("x", [R, C], x), give("labels", [R], labels), {
            smoothing,
            reduction,
            weights: build.constant([C], w),
          })
        );
        const terms = logs.map((row, r) =>
          labels[r] < 0 ? 0 : -sum(
            row.map((l, c) => l * w[c] * ((c === labels[r] ? 1 - smoothing : 0) + smoothing / C)),
          )
        );
        const total = sum(labels.map((label) => label < 0 ? 0 : w[label]));
        near(got, [reduction === "sum" ? sum(terms) : sum(terms) / total]);
      }
    }
  }
});

Deno.test("cross-entropy: a batch of which no row counts has the loss 0", () => {
  const got = exactly((build, give) =>
    crossEntropy(build, give("x", [2, 3], draw(6)), give("labels", [2], [-1, 3]))
  );
  assert.ok(Math.abs(got[0]) === 0);
});

Deno.test("distillation, and losses of numbers", () => {
  const [x, t] = [draw(12, 6), draw(12, 6)];
  const rows = (values: number[]): number[][] =>
    rowsOf(values.map((value) => value / 2), 4).map(logSoftmax);
  const [q, p] = [rows(x).flat(), rows(t).flat()];
  const kl = 4 * sum(p.map((l, i) => Math.exp(l) * (l - q[i]))) / 3;
  near(exactly((b, give) => distillation(b, give("x", [3, 4], x), give("t", [3, 4], t), 2)), [kl]);
  const errors = x.map((value, i) => Math.abs(value - t[i]));
  const mean = (f: (e: number) => number): number[] => [sum(errors.map(f)) / errors.length];
  const c = 0.2 * Math.max(...errors);
  const cases = [
    [meanSquaredError, mean((e) => e * e)],
    [meanAbsoluteError, mean((e) => e)],
    [
      (b: NodeBuilder, x: never, t: never) => huber(b, x, t, 0.7),
      mean((e) => e <= 0.7 ? e * e / 2 : 0.7 * (e - 0.35)),
    ],
    [
      (b: NodeBuilder, x: never, t: never) => berHu(b, x, t, 0.2),
      mean((e) => e <= c ? e : (e * e + c * c) / (2 * c)),
    ],
    [binaryCrossEntropy, [
      sum(x.map((value, i) => Math.log1p(Math.exp(value)) - value * t[i])) / 12,
    ]],
  ] as const;
  for (const [loss, want] of cases) {
    near(
      exactly((b, give) => loss(b, give("x", [12], x) as never, give("t", [12], t) as never)),
      want,
    );
  }
});

Deno.test("group normalisation: each group of channels of each picture", () => {
  const [B, P, C, G] = [2, 3, 4, 2];
  const x = draw(B * P * C);
  const [scale, bias] = [[1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4]];
  const got = exactly((build, give) =>
    groupNormalization(build, {
      x: give("x", [B, P, C], x),
      scale: build.constant([C], scale),
      bias: build.constant([C], bias),
    }, { groups: G, epsilon: 1e-5 })
  );
  const want = x.map((value, at) => {
    const [b, c] = [Math.floor(at / (P * C)), at % C];
    const group = x.filter((_, i) =>
      Math.floor(i / (P * C)) === b && Math.floor(i % C / (C / G)) === Math.floor(c / (C / G))
    );
    const mean = sum(group) / group.length;
    const variance = sum(group.map((v) => (v - mean) ** 2)) / group.length;
    return (value - mean) / Math.sqrt(variance + 1e-5) * scale[c] + bias[c];
  });
  near(got, want);
});

Deno.test("RNN and GRU: step after step", () => {
  const [T, N, I, H] = [3, 2, 3, 2];
  const x = draw(T * N * I);
  const h0 = draw(N * H);
  for (const [layer, gates] of [[rnn, 1], [gru, 3]] as const) {
    const [w, v] = [draw(gates * H * I), draw(gates * H * H)];
    const [b, c] = [draw(gates * H), draw(gates * H)];
    const got = exactly((build, give) =>
      layer(build, {
        x: give("x", [T, N, I], x),
        initial: give("h", [N, H], h0),
        inputWeight: give("w", [gates * H, I], w),
        stateWeight: give("v", [gates * H, H], v),
        inputBias: give("b", [gates * H], b),
        stateBias: give("c", [gates * H], c),
      })
    );
    const by = (weights: number[], row: number[], bias: number[]): number[] =>
      rowsOf(weights, row.length).map((w, i) => bias[i] + sum(w.map((a, k) => a * row[k])));
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
    let states = rowsOf(h0, H);
    const want: number[] = [];
    for (let t = 0; t < T; t++) {
      states = states.map((h, n) => {
        const input = by(w, x.slice((t * N + n) * I, (t * N + n + 1) * I), b);
        const state = by(v, h, c);
        if (gates === 1) return input.map((a, i) => Math.tanh(a + state[i]));
        return h.map((old, i) => {
          const [r, z] = [0, 1].map((g) => sigmoid(input[g * H + i] + state[g * H + i]));
          return (1 - z) * Math.tanh(input[2 * H + i] + r * state[2 * H + i]) + z * old;
        });
      });
      want.push(...states.flat());
    }
    near(got, want);
  }
});

Deno.test("resizing: weights of an axis", () => {
  const show = (...given: Parameters<typeof resizeWeights>) =>
    rowsOf([...resizeWeights(...given)], given[1]);
  assert.deepEqual(show(4, 2, "nearest"), [[1, 0], [1, 0], [0, 1], [0, 1]]);
  assert.deepEqual(show(4, 2, "bilinear"), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]);
  assert.deepEqual(show(3, 2, "bilinear_align_corners"), [[1, 0], [0.5, 0.5], [0, 1]]);
  assert.deepEqual(show(1, 3, "bilinear_align_corners"), [[1, 0, 0]]);
  assert.throws(() => resizeWeights(0, 2, "nearest"), { code: "invalid_argument" });
});

/** The rate of a schedule, of step t, from 0.1. */
const SCHEDULES: readonly (readonly [Schedule, (t: number) => number])[] = [
  [{ kind: "constant" }, () => 0.1],
  [{ kind: "step", every: 4, gamma: 0.5 }, (t) => 0.1 * 0.5 ** Math.floor(t / 4)],
  [{ kind: "multi_step", at: [3, 8], gamma: 0.5 }, (t) => 0.1 * (t < 3 ? 1 : t < 8 ? 0.5 : 0.25)],
  [{ kind: "exponential", gamma: 0.9 }, (t) => 0.1 * 0.9 ** t],
  [
    { kind: "linear", from: 0.5, to: 1, steps: 8 },
    (t) => 0.1 * (0.5 + 0.5 * Math.min(t, 8) / 8),
  ],
  [{ kind: "polynomial", power: 1.5, steps: 15 }, (t) => 0.1 * (1 - t / 15) ** 1.5],
  [
    { kind: "cosine", min: 0.01, steps: 12 },
    (t) => 0.01 + 0.09 * (1 + Math.cos(Math.PI * t / 12)) / 2,
  ],
  [
    { kind: "warmup_cosine", min: 0.01, warmup: 4, steps: 12 },
    (t) => t < 4 ? 0.1 * (t + 1) / 4 : 0.01 + 0.09 * (1 + Math.cos(Math.PI * (t - 4) / 8)) / 2,
  ],
  [
    { kind: "warmup_linear", warmup: 4, steps: 12 },
    (t) => t < 4 ? 0.1 * (t + 1) / 4 : 0.1 * (12 - t) / 8,
  ],
  [
    { kind: "warm_restarts", min: 0.01, first: 4, factor: 1 },
    (t) => 0.01 + 0.09 * (1 + Math.cos(Math.PI * (t % 4) / 4)) / 2,
  ],
  [
    { kind: "inverse_sqrt", warmup: 4 },
    (t) => 0.1 * Math.min((t + 1) / 4, Math.sqrt(4 / (t + 1))),
  ],
];

for (const [schedule, rate] of SCHEDULES) {
  Deno.test(`schedule ${schedule.kind}: 12 steps`, () => {
    for (let t = 0; t < 12; t++) {
      const got = exactly((build, give) => learningRate(build, 0.1, schedule, give("t", [1], [t])))
        .map((value) => value);
      near(got, [rate(t)], 3e-7 / Math.max(rate(t), 1e-3) * 0.1);
    }
  });
}

/** A step of an optimiser on one number; `m` and `v` are what it remembers. */
type Step = (
  p: number,
  g: number,
  m: number,
  v: number,
  t: number,
) => [p: number, m: number, v: number];

const OPTIMIZERS: readonly (readonly [Optimizer, Step, readonly string[]])[] = [
  [{ kind: "sgd", decay: 0.1 }, (p, g, m, v) => [p - 0.01 * (g + 0.1 * p), m, v], []],
  [
    { kind: "sgd", momentum: 0.9 },
    (p, g, m, v) => [p - 0.01 * (0.9 * m + g), 0.9 * m + g, v],
    ["momentum"],
  ],
  [
    { kind: "sgd", momentum: 0.9, nesterov: true },
    (p, g, m, v) => [p - 0.01 * (g + 0.9 * (0.9 * m + g)), 0.9 * m + g, v],
    ["momentum"],
  ],
  [{ kind: "adam", decay: 0.1 }, (p, g, m, v, t) => adam(p, g + 0.1 * p, m, v, t), [
    "mean",
    "square",
  ]],
  [{ kind: "adamw", decay: 0.1 }, (p, g, m, v, t) => adam(p * (1 - 0.001), g, m, v, t), [
    "mean",
    "square",
  ]],
  [{ kind: "adam", keras: true, epsilon: 0.1 }, (p, g, m, v, t) => {
    const [mean, square] = [0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g];
    const rate = 0.01 * Math.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t);
    return [p - rate * mean / (Math.sqrt(square) + 0.1), mean, square];
  }, ["mean", "square"]],
  [{ kind: "rmsprop", alpha: 0.9, momentum: 0.5 }, (p, g, m, v) => {
    const square = 0.9 * v + 0.1 * g * g;
    const step = 0.5 * m + g / (Math.sqrt(square) + 1e-8);
    return [p - 0.01 * step, step, square];
  }, ["momentum", "square"]],
  [{ kind: "adagrad" }, (p, g, m, v) => {
    return [p - 0.01 * g / (Math.sqrt(v + g * g) + 1e-10), m, v + g * g];
  }, ["", "sum"]],
  [{ kind: "lion", decay: 0.1 }, (p, g, m, v) => {
    const sign = Math.sign(0.9 * m + 0.1 * g);
    return [p * (1 - 0.001) - 0.01 * sign, 0.99 * m + 0.01 * g, v];
  }, ["mean"]],
];

function adam(p: number, g: number, m: number, v: number, t: number): [number, number, number] {
  const [mean, square] = [0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g];
  const root = Math.sqrt(square / (1 - 0.999 ** t));
  return [p - 0.01 / (1 - 0.9 ** t) * mean / (root + 1e-8), mean, square];
}

for (const [optimizer, step, states] of OPTIMIZERS) {
  const what = Object.entries(optimizer).slice(1).flat().join(" ");
  Deno.test(`optimizer ${optimizer.kind} ${what}: five steps`, () => {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const start = draw(3);
    const data = Float32Array.from(start);
    const p = graph.parameter("p", { dtype: "f32", shape: [3], data });
    const g = graph.input("g", "f32", [3]);
    const t = graph.input("t", "f32", [1]);
    const { parameter } = optimizerStep(build, optimizer, build.scalar(0.01), t)(p, g);
    graph.update(parameter);
    graph.output("t.same", build.scale(t, 2));
    const program = new ExactProgram(compile(graph, { training: true }));
    const expected = start.map((value): [number, number, number] => [value, 0, 0]);
    for (let at = 1; at <= 5; at++) {
      const gradient = draw(3);
      if (at === 3) gradient[1] = 0;
      program.write("g", gradient);
      program.write("t", [at]);
      program.run();
      expected.forEach(([q, m, v], i) => expected[i] = step(q, gradient[i], m, v, at));
      near([...program.read("p")], expected.map(([q]) => q), 1e-5);
    }
    states.forEach((name, i) => {
      if (name !== "") {
        near(
          [...program.read(`p.${name}`)],
          expected.map((row) => row[i + 1]),
          1e-5,
        );
      }
    });
  });
}

Deno.test("clipping and moving averages", () => {
  const [a, b] = [draw(4), draw(2)];
  const norm = Math.sqrt(sum([...a, ...b].map((value) => value * value)));
  for (const most of [0.1, 100]) {
    const got = exactly((build, give) =>
      clipByNorm(build, [give("a", [4], a), give("b", [2], b)], most).gradients[0]
    );
    near(got, a.map((value) => value * Math.min(1, most / (norm + 1e-6))));
  }
  near(
    exactly((build, give) => clipByValue(build, give("a", [4], a), 0.3)),
    a.map((value) => Math.max(-0.3, Math.min(0.3, value))),
  );
  near(
    exactly((build, give) =>
      movingAverage(build, give("a", [2], a.slice(2)), give("b", [2], b), 0.9)
    ),
    b.map((value, i) => 0.9 * a[i + 2] + 0.1 * value),
  );
});
