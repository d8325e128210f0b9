import { CASES } from "../test/conformance/cases.ts";
import { KernelModule } from "../test/kernels/kernel_module.ts";
import { INSTRUCTIONS } from "../src/instructions/mod.ts";
import asc from "npm:assemblyscript@0.28.20/asc";
const root = new URL("../", import.meta.url);
const entry = INSTRUCTIONS.map(({ name }) => `export { exec_${name}, scratch_${name} } from "./asm/ops/${name}";`).join("\n");
async function compile(level: string, relaxed: boolean) {
  let wasm: any;
  const { error } = await asc.main(["ops.ts", ...`${level} --converge --noAssert --runtime stub --use abort= --enable simd --disableWarning 201 --disableWarning 112 --outFile out.wasm`.split(" "), ...(relaxed ? ["--enable", "relaxed-simd"] : [])], { readFile: (n: string) => n === "ops.ts" ? entry : Deno.readTextFile(new URL(n, root)).catch(() => null), writeFile: (n: string, c: any) => { if (n === "out.wasm") wasm = c; }, listFiles: () => [] } as any);
  if (error) throw error; return new WebAssembly.Module(Uint8Array.from(wasm));
}
const relaxed = Deno.args[0] === "relaxed";
const levels = ["-O1", "-O1 --runPasses rse"];
const modules = await Promise.all(levels.map((l) => compile(l, relaxed)));
import { resize } from "../test/conformance/resize.ts";
import { caseLike } from "../test/conformance/case_like.ts";
const src = await Deno.readTextFile(new URL("bench/kernels/ops.ts", root));
const ROWS = eval(src.slice(src.indexOf("const ATTENTION"), src.indexOf("/** Milliseconds of the best")).replace(/const ROWS: readonly Row\[\] =/, "ROWS_ =").replace(/: Row =>/g, "=>").replace(/ as const/g, "").replace("ROWS_ =", "globalThis.ROWS_ =") + "; globalThis.ROWS_");
const extra = [["linear_w8", { "*": [64], K: 576, N: 576 }, { has: [], types: { x: "i8", y: "i8" } }], ["linear_w4", { "*": [64], K: 576, N: 576 }, { has: [], types: { y: "i8" } }], ["linear_w4", { "*": [1], K: 576, N: 576 }, { has: [], types: { y: "i8" } }], ["linear_ternary", { "*": [64], K: 512, N: 512 }, { has: [] }], ["linear_f32", { "*": [197], K: 192, N: 768 }, { has: [] }]];
for (const [instruction, sizes, like = {}] of [...ROWS, ...extra] as any) {
  let c; try { c = resize(caseLike(instruction, like), { "@rounding": 0, ...sizes }); } catch (e) { console.log(instruction, String(e).slice(0, 80)); continue; }
  const execs = modules.map((m) => new KernelModule(m).place(c).exec);
  const bests = execs.map(() => Infinity);
  execs.forEach((f) => { for (const u = performance.now() + 60; performance.now() < u;) f(); });
  for (let r = 0; r < 40; r++) execs.forEach((f, i) => { const t = performance.now(); f(); bests[i] = Math.min(bests[i], performance.now() - t); });
  console.log(instruction.padEnd(22), JSON.stringify(sizes).slice(0, 44).padEnd(46), bests.map((b) => b.toFixed(3)).join(" "), bests.map((b) => (b / bests[0]).toFixed(2)).join(" "));
}
