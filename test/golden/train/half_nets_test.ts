/** Eight networks kept in 16 bits against the oracle that rounds at the same places: gradients of one step. */
import assert from "node:assert/strict";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { readSafetensors } from "../../../src/formats/safetensors.ts";
import { gradients } from "../../../src/gradients/gradients.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { compile } from "../../../src/lower/compile.ts";
import { channelsLast } from "../../../src/models/trained_layers.ts";
import { widened } from "../../../src/numeric/half.ts";
import type { HalfType } from "../../../src/numeric/half.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { trainingGraph } from "../../../src/training/training_graph.ts";
import { absent, readJson, SHARED } from "../_shared.ts";
import { cosineAndRatio, graphOf, rebuilt } from "./_rebuilt_nets.ts";
import type { NetCase } from "./_rebuilt_nets.ts";

const FOLDER = `${SHARED}/golden/train`;
/** Networks whose step the reference engine takes in some seconds. */
const ON_REFERENCE = ["mlp", "vit", "transformer", "ds_cnn_49x10"];

const cases: readonly NetCase[] = absent(FOLDER) ? [] : readJson("golden/train/nets.json").cases;

for (const c of cases) {
  for (const dtype of ["bf16", "f16"] as HalfType[]) {
    Deno.test(`golden: nets, ${c.net}: gradients of one step in ${dtype}`, async () => {
      const { parameters, batches } = rebuilt(c);
      const { graph, logits, loss, frozenStatistics } = graphOf(c, parameters);
      graph.output("logits", logits);
      const trained = trainingGraph(graph, { loss, rate: 0, frozenStatistics, dtype });
      const value = trained.outputs.find(({ name }) => name === "loss")!.value;
      const named = trained.parameters;
      // Gradients of the oracle are those of the loss times its scale.
      const { scale } = c[dtype];
      const build = new NodeBuilder(trained);
      const cotangent = build.reshape(build.scalar(scale), value.shape);
      gradients(trained, value, named, { cotangent }).forEach((gradient, i) =>
        trained.output(`gradient.${named[i].name}`, gradient, "train_step")
      );
      const bytes = await encodeProgram(compile(trained, { training: true }));
      using instance = await loadWasm(bytes, { build: trainBuild() });
      const outputs = await instance.run(batches[0], { entry: "train_step" });
      const error = Math.abs(outputs.loss.data[0] as number / c[dtype].loss - 1);
      assert.ok(error <= 0.02, `loss: ${outputs.loss.data[0]}, ${c[dtype].loss}`);
      const tensors = readSafetensors(Deno.readFileSync(`${FOLDER}/${c.file}`));
      const [all, wanted]: number[][] = [[], []];
      const worst = { cosine: 1, norm: 0 };
      for (const [name, shape] of c.layout) {
        const { data } = tensors.get(`${c.net}/${dtype}/${name}`)!;
        const exact = widened(dtype, data as Uint16Array);
        const want = shape.length === 4 ? channelsLast(exact, shape) : exact;
        const got = outputs[`gradient.${name}`].data as Float32Array;
        all.push(...got);
        wanted.push(...want);
        const [cosine, ratio] = cosineAndRatio(got, want);
        // A key's bias has no gradient but rounding noise.
        if (name.endsWith("qkv.bias")) continue;
        worst.cosine = Math.min(worst.cosine, cosine);
        worst.norm = Math.max(worst.norm, Math.abs(ratio - 1));
        assert.ok(
          cosine >= 0.98 && Math.abs(ratio - 1) <= 0.06,
          `${name}: cosine ${cosine}, norms ${ratio}`,
        );
      }
      const [cosine] = cosineAndRatio(all, wanted);
      console.log(c.net, dtype, "all", cosine, "worst tensor", worst.cosine, "norm", worst.norm);
      assert.ok(cosine >= 0.998, `all together: ${cosine}`);
      if (!ON_REFERENCE.includes(c.net)) return;
      using reference = await loadReference(bytes);
      const same = await reference.run(batches[0], { entry: "train_step" });
      for (const [name, { data }] of Object.entries(outputs)) {
        assert.deepEqual(same[name].data, data, `${name}: not the reference's bits`);
      }
    });
  }
}
