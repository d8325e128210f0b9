/** Damaged pictures through the classifier. */
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { repairChecksums } from "../vision/_png_chunks.ts";
import type { Kind } from "./_kind.ts";
import { checkClassification } from "./_metadata_kind.ts";
import { mutateBytes } from "./_mutate_bytes.ts";
import type { Random } from "./_random.ts";
import { resultOrCode } from "./_typed.ts";

const IMAGES = new URL("../vectors/images/", import.meta.url);

/** Mutants of PNG and JPEG files. */
export async function imageKinds(): Promise<Kind[]> {
  const names = [...Deno.readDirSync(IMAGES)].map(({ name }) => name).toSorted();
  const read = (pattern: RegExp): Promise<Uint8Array[]> =>
    Promise.all(
      names.filter((name) => pattern.test(name)).map((name) =>
        Deno.readFile(new URL(name, IMAGES))
      ),
    );
  const model = await ImageClassifier.fromPretrained();
  const check = async (file: Uint8Array, random: Random): Promise<string> => {
    const input = random.chance(0.2) ? new Blob([Uint8Array.from(file)]) : file;
    const classified = await resultOrCode(() => model.classify(input));
    if ("code" in classified) return classified.code;
    checkClassification(classified.result);
    return "classified";
  };
  const [png, jpeg] = [await read(/^[^.]+\.png$/), await read(/\.jpg$/)];
  return [{
    name: "png",
    share: 0.06,
    check: (random) => {
      const file = mutateBytes(random.pick(png), random.pick(png), random, [8, 60]);
      if (random.chance(0.5)) repairChecksums(file);
      return check(file, random);
    },
  }, {
    name: "jpeg",
    share: 0.06,
    check: (random) =>
      check(mutateBytes(random.pick(jpeg), random.pick(jpeg), random, [2, 700]), random),
  }];
}
