/**
 * Loads and disposes in a process of its own, where nothing else takes memory; prints what is left.
 */
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { files } from "../program/_build.ts";
import { countMachines } from "./_machines.ts";

/** Loads so many instances, one after the other. */
async function cycle(file: Uint8Array, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const build = i % 2 === 0 ? "simd" : "relaxed";
    using instance = await loadWasm(file, { build });
    // Forks that outlive their parent give their place back too.
    if (i % 10 === 0) (instance.fork())[Symbol.dispose]();
  }
}

const { rows } = await files();
const shipped = await Deno.readFile(
  new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url),
);
await cycle(rows, 500);
await cycle(shipped, 20);
const machines = countMachines();
const before = Deno.memoryUsage().rss;
await cycle(rows, 10_000);
await cycle(shipped, 200);
console.log(JSON.stringify({ grownBytes: Deno.memoryUsage().rss - before, machines: machines() }));
