/** Files that ship: models, and scales of models. */
import { FewbitError } from "../errors.ts";

/** Where the files are whose library is a package without them: in another package. */
const PACKAGE = "@fewbit/models";

/** Name of a file that ships. */
export type ShippedFile =
  | "hgrn-bit-shakespeare.fewbit"
  | "vit-fashion-mnist.fewbit"
  | "all-MiniLM-L6-v2.scales.json"
  | "fashion-mnist-sample-images.idx.gz"
  | "fashion-mnist-sample-labels.idx.gz";

/**
 * Where a file is that ships: beside the sources, or in the package `@fewbit/models`.
 *
 * @throws {FewbitError} `not_found` where the host does not find that package: it is not installed, or a
 * bundler has put what is here into a file of its own.
 */
export function shippedFile(name: ShippedFile): URL {
  // The address goes through a variable: of a literal one bundlers want to copy the file.
  const here = import.meta.url;
  if (here.endsWith("/src/checkpoints/shipped_files.ts")) {
    return new URL(`../../models/${name}`, here);
  }
  try {
    return new URL(import.meta.resolve(`${PACKAGE}/${name}`));
  } catch (cause) {
    const module = `${PACKAGE}/${name.replace(/\.\w+$/, "")}`;
    throw new FewbitError(
      "not_found",
      `Cannot find ${name}, which ships in ${PACKAGE}: install it; where a bundler does not let it be ` +
        `found, load what \`import model from "${module}"\` gives`,
      { cause },
    );
  }
}
