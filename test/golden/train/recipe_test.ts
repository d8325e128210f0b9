/** The recipe of Fashion-MNIST against PyTorch: 20 steps closely, and what 3 epochs of 6,000 pictures reach. */
import assert from "node:assert/strict";
import { absent, readJson, SHARED } from "../_shared.ts";
import { FASHION, fashionPictures, loadRecipe } from "./recipe.ts";

const PICTURES = 6000;
const ignore = absent(FASHION, `${SHARED}/golden/train`);

for (const net of ["ds_cnn", "resnet8"] as const) {
  Deno.test({
    name: `golden: recipe, ${net}: the losses of 20 calm steps`,
    ignore,
    fn: async () => {
      const { cases } = readJson("golden/train/baselines.json");
      const data = await fashionPictures("train", PICTURES);
      for (const c of cases) {
        if (c.net !== net || c.pictures !== PICTURES || c.calm_20_f64 === undefined) continue;
        using trainer = await loadRecipe({
          net,
          seed: c.seed,
          rate: 0.0005,
          warmup: 0,
          pictures: PICTURES,
          epochs: c.epochs,
        });
        for await (const { step, loss } of trainer.fit(data, { epochs: c.epochs })) {
          const want = c.calm_20_f64[step - 1];
          assert.ok(
            Math.abs(loss / want - 1) <= 1e-4,
            `seed ${c.seed}, step ${step}: ${loss}, ${want}`,
          );
          if (step === 20) break;
        }
      }
    },
  });
}

Deno.test({
  name: "golden: recipe, ds_cnn: 80 % after 3 epochs of 6,000 pictures",
  ignore,
  fn: async () => {
    using trainer = await loadRecipe({ net: "ds_cnn", seed: 1, pictures: PICTURES, epochs: 3 });
    const data = await fashionPictures("train", PICTURES);
    const start = performance.now();
    for await (const { step, loss } of trainer.fit(data, { epochs: 3 })) {
      if (step % 93 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
    }
    const seconds = (performance.now() - start) / 1000;
    const { accuracy } = await trainer.evaluate(await fashionPictures("t10k", 10_000));
    console.log(`${(100 * accuracy).toFixed(2)} % after ${seconds.toFixed(1)} s`);
    assert.ok(accuracy >= 0.8, `${accuracy}`);
  },
});
