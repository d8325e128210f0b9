/** The sample of Fashion-MNIST that ships. */
import { shippedFile } from "../checkpoints/shipped_files.ts";

/** Names of its classes. */
export const SAMPLE_LABELS: readonly string[] = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/** How many of its pictures, the last ones, are held out. */
export const SAMPLE_HELD_OUT = 500;

/** Where a part of it is. */
export function samplePath(part: "images" | "labels"): string {
  return shippedFile(`fashion-mnist-sample-${part}.idx.gz`).href;
}
