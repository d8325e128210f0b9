/**
 * A MatMul-free language model in float64, written from the formulas alone; it shares nothing with the
 * code under test. The codes of rows may be forced: in float64 a value next to a tie may round the
 * other way, and everything after it would differ.
 */
import assert from "node:assert/strict";
import type { Tensor } from "../../src/tensor.ts";

type Rows = number[][];

/** What is computed. */
export interface Float64Run {
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly depth: number;
  readonly lowerBound: boolean;
  readonly conv?: "shared" | "separate";
  readonly sequences: readonly (readonly number[])[];
  /** Per token; 0 for padding. */
  readonly mask?: readonly number[];
  /** Codes of each ternary layer in the order of the model, `[tokens × columns]`. */
  readonly codes?: readonly Int8Array[];
  /** Epsilon of the norms of blocks and gates. */
  readonly epsilon?: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const silu = (x: number): number => x * sigmoid(x);

/** Logits of every token. */
export function float64Logits(run: Float64Run): Rows {
  const { weights, depth, sequences, mask, epsilon = 1e-6 } = run;
  const flat = (name: string): number[] => Array.from(weights.get(name)!.data as Float32Array);
  const forced = [...run.codes ?? []];

  const norm = (x: Rows, gamma: number[], eps: number): Rows =>
    x.map((row) => {
      const mean = row.reduce((sum, v) => sum + v * v, 0) / row.length;
      return row.map((v, c) => v / Math.sqrt(mean + eps) * gamma[c]);
    });
  const codesOf = (scaled: Rows): Rows => {
    const codes = forced.shift();
    return scaled.map((row, t) =>
      row.map((v, c) => {
        if (codes === undefined) return Math.sign(v) * Math.floor(Math.abs(v) + 0.5);
        const code = codes[t * row.length + c];
        assert.ok(Math.abs(v - code) <= 0.5 + 1e-3, `code ${code} of ${v}`);
        return code;
      })
    );
  };
  const linear = (x: Rows, name: string): Rows => {
    const y = norm(x, flat(`${name}.norm.weight`), 1e-6);
    const alphas = y.map((row) => 127 / Math.max(...row.map(Math.abs), 1e-5));
    const q = codesOf(y.map((row, t) => row.map((v) => v * alphas[t])));
    const latent = flat(`${name}.weight`);
    const mean = latent.reduce((sum, w) => sum + Math.abs(w), 0) / latent.length;
    const scale = Math.max(Math.fround(mean), Math.fround(1e-5));
    const columns = x[0].length;
    const trits = latent.map((w) => {
      const v = Math.fround(w * Math.fround(1 / scale));
      return v > 0.5 ? 1 : v < -0.5 ? -1 : 0;
    });
    return q.map((row, t) =>
      Array.from({ length: trits.length / columns }, (_, n) => {
        const sum = row.reduce((total, code, k) => total + code * trits[n * columns + k], 0);
        return sum * scale / alphas[t];
      })
    );
  };
  const conv = (x: Rows, name: string): Rows => {
    const [, , taps] = weights.get(`${name}.weight`)!.shape;
    const w = flat(`${name}.weight`);
    let first = 0;
    return sequences.flatMap(({ length }) => {
      const rows = x.slice(first, first + length)
        .map((row, t) => row.map((v) => v * (mask?.[first + t] ?? 1)));
      first += length;
      return rows.map((row, t) =>
        row.map((_, c) => {
          let sum = 0;
          for (let j = 0; j < taps; j++) {
            sum += (rows[t - taps + 1 + j]?.[c] ?? 0) * w[c * taps + j];
          }
          return silu(sum);
        })
      );
    });
  };

  const table = flat("model.embeddings.weight");
  const width = weights.get("model.embeddings.weight")!.shape[1];
  const lambda = run.lowerBound ? flat("model.lower_bounds") : [];
  let x: Rows = sequences.flat().map((id) => table.slice(id * width, (id + 1) * width));
  for (let l = 0; l < depth; l++) {
    const at = `model.layers.${l}.`;
    let h = norm(x, flat(`${at}attn_norm.weight`), epsilon);
    if (run.conv === "shared") h = conv(h, `${at}attn.h_conv1d`);
    let [u, z, p] = ["i", "f", "g"].map((name) => linear(h, `${at}attn.${name}_proj`));
    if (run.conv === "separate") {
      u = conv(u, `${at}attn.i_conv1d`);
      z = conv(z, `${at}attn.f_conv1d`);
    }
    const beta = Array.from({ length: width }, (_, c) => {
      if (!run.lowerBound || l === 0) return 0;
      const column = Array.from({ length: depth }, (_, j) => Math.exp(lambda[j * width + c]));
      const total = column.reduce((a, b) => a + b);
      return column.slice(1, l + 1).reduce((a, b) => a + b) / total;
    });
    let first = 0;
    const states: Rows = sequences.flatMap(({ length }) => {
      let state: number[] = new Array(width).fill(0);
      return Array.from({ length }, () => {
        const t = first++;
        state = state.map((s, c) => {
          const f = beta[c] + (1 - beta[c]) * sigmoid(z[t][c]);
          return f * s + silu(u[t][c]) * (1 - f) * (mask?.[t] ?? 1);
        });
        return state;
      });
    });
    const gate = norm(p, flat(`${at}attn.g_norm.weight`), epsilon)
      .map((row, t) => row.map((v, c) => v * silu(states[t][c])));
    const residual = linear(gate, `${at}attn.o_proj`)
      .map((row, t) => row.map((v, c) => v + x[t][c]));
    const both = linear(
      norm(residual, flat(`${at}mlp_norm.weight`), epsilon),
      `${at}mlp.gate_proj`,
    );
    const product = both.map((row) => {
      const half = row.length / 2;
      return row.slice(0, half).map((v, c) => silu(v) * row[half + c]);
    });
    x = linear(product, `${at}mlp.down_proj`).map((row, t) =>
      row.map((v, c) => v + residual[t][c])
    );
  }
  const logits = linear(norm(x, flat("model.norm.weight"), epsilon), "lm_head");
  assert.equal(forced.length, 0, "all forced codes are used");
  return logits;
}
