/** First logits of `ImageClassifier`, from a PNG: `classifier.ts <model.fewbit> <image.png>`. */
import { finish } from "./finish.ts";

const start = performance.now();
const [model, image] = Deno.args;
const { ImageClassifier } = await import("../../mod.ts");
using classifier = await ImageClassifier.fromPretrained(model);
const { logits } = await classifier.classify(image);
finish(start, logits);
