/**
 * Kernels write the elements of their results and the scratch memory that they ask for, and nothing
 * else. What they write is what the conformance suite compares.
 */
import assert from "node:assert/strict";
import { CASES } from "../conformance/cases.ts";
import { Random } from "../conformance/_random.ts";
import { compileOps, KernelModule } from "./kernel_module.ts";

for (const build of ["simd", "relaxed"] as const) {
  Deno.test(`kernels of the ${build} build write results and scratch only`, async () => {
    const kernels = new KernelModule(await compileOps(build));
    let count = 0;
    for (const makeCases of Object.values(CASES)) {
      for (const c of makeCases(new Random(41))) {
        const { exec, strayWrite } = kernels.place(c);
        exec();
        assert.equal(strayWrite(), undefined, `${c.instruction}, ${c.name}`);
        count++;
      }
    }
    assert.ok(count > 5000, `${count} cases`);
  });
}
