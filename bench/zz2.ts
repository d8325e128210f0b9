import { compileModule } from "../tools/asc.ts";
const build = (Deno.args[0] ?? "relaxed") as "simd" | "relaxed";
const entry = `
import * as rows from "./asm/kernels/attend_rows_i8";
import { exponentials, Seen } from "./asm/kernels/softmax_q15";
export function t_score(q: usize, depth: i32, key: usize, stride: usize, keys: i32, to: usize): void { rows.score(q, depth, key, stride, keys, i32x4.splat(0), 1, to); }
export function t_values(v: usize, stride: usize, keys: i32, p: usize, depth: i32, sums: usize): void { rows.add_values(v, stride, keys, p, depth, sums); }
export function t_prob(e: usize, keys: i32, p: usize): i32 { return rows.write_probabilities(e, i32x4.splat(100000), keys, p); }
export function t_exp(seen: usize, scores: usize, table: usize): u32 { return exponentials(changetype<Seen>(seen), scores, 32, 3000, table); }
`;
const src = Deno.readTextFileSync("asm/kernels/attend_rows_i8.ts").replace(
  /^function (score|add_values|write_probabilities)/gm,
  "export function $1",
);
const wasm = await compileModule(build, {
  entries: ["t.ts"],
  sources: new Map([["t.ts", entry], ["asm/kernels/attend_rows_i8.ts", src]]),
});
const x = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as any;
x.memory.grow(200);
const m = new Uint8Array(x.memory.buffer);
let s = 1;
for (let i = 65536; i < m.length; i++) {
  s = (s * 1103515245 + 12345) | 0;
  m[i] = s >> 16;
}
const K = 2048, q = 1 << 17, key = 1 << 20, to = 1 << 19;
new Int32Array(x.memory.buffer, 1 << 18, 3).set([K, 0, K]);
const table = 3 << 17;
new Int32Array(x.memory.buffer, table, 4096).fill(1000);
function best(f: () => void, ms = 500) {
  for (let i = 0; i < 200; i++) f();
  let b = Infinity;
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const t = performance.now();
    for (let i = 0; i < 20; i++) f();
    b = Math.min(b, (performance.now() - t) / 20);
  }
  return b;
}
for (
  const [n, f] of Object.entries({
    score: () => x.t_score(q, 64, key, 192, K, to),
    values: () => x.t_values(key, 192, K, to, 64, q),
    prob: () => x.t_prob(to, K, 3 << 18),
    exp: () => {
      x.t_exp(1 << 18, to, table);
    },
  })
) console.log(n.padEnd(10), (best(f) * 1e6 / K).toFixed(2), "ns a key");
