import { FewbitError } from "../errors.ts";
import { fileError, withFileErrors } from "../files/file_error.ts";
import { readFolder, realPath, stat } from "../files/file_system.ts";

/** An image file of a folder. */
export interface ImageFile {
  /** Path of the file, beginning with the folder as it was given. */
  readonly path: string;
  /** Index into the classes; undefined for a file that lies in the folder itself. */
  readonly label: number | undefined;
}

/** The images of a folder with one subfolder a class. */
export interface ImageFolder {
  /** Names of the direct subfolders, sorted; the position is the label. */
  readonly classes: readonly string[];
  /** Images without a class first, then class by class. */
  readonly files: readonly ImageFile[];
}

const IMAGE_NAME = /\.(png|jpe?g)$/i;

interface Listing {
  readonly folders: string[];
  readonly images: string[];
}

/**
 * Lists the .png, .jpg and .jpeg files of a folder and of all folders below it, labelled by the direct subfolder
 * they lie in, in the order of torchvision's `ImageFolder`: by class, then by folder, then by name. Links are followed.
 * Names that begin with a dot are passed over: `.ipynb_checkpoints` is no class, `._cat.png` of macOS no picture.
 * Needs permission to read the folder.
 *
 * Throws `not_found` if there is no such folder, `invalid_argument` if it is a file, if a class has no images, or if
 * links lead round in a circle.
 *
 * @example
 * ```ts
 * import { mkdir, writeFile } from "node:fs/promises";
 * import { listImages } from "@fewbit/fewbit";
 *
 * const dir = "pictures";
 * await mkdir(`${dir}/cat`, { recursive: true });
 * await writeFile(`${dir}/cat/1.png`, new Uint8Array());
 * const { classes, files } = await listImages(dir);
 * console.log(classes, files[0].label); // [ "cat" ] 0
 * ```
 */
export async function listImages(dir: string): Promise<ImageFolder> {
  const root = dir.length > 1 ? dir.replace(/\/+$/, "") : dir;
  const { folders: classes, images } = await listFolder(root);
  const files: ImageFile[] = images.map((name) => ({ path: `${root}/${name}`, label: undefined }));
  const ancestors = [await realPathOf(root)];
  for (const [label, name] of classes.entries()) {
    const folders: [path: string, images: string[]][] = [];
    await walk(`${root}/${name}`, ancestors, folders);
    if (folders.every(([, names]) => names.length === 0)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot list images: the class "${root}/${name}" has no .png, .jpg or .jpeg file`,
      );
    }
    folders.sort(([a], [b]) => compare(a, b));
    for (const [path, names] of folders) {
      for (const name of names) files.push({ path: `${path}/${name}`, label });
    }
  }
  return { classes, files };
}

async function walk(
  dir: string,
  ancestors: readonly string[],
  out: [string, string[]][],
): Promise<void> {
  const real = await realPathOf(dir);
  if (ancestors.includes(real)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot list images: the link "${dir}" leads back to a folder above it`,
    );
  }
  const { folders, images } = await listFolder(dir);
  out.push([dir, images]);
  for (const folder of folders) await walk(`${dir}/${folder}`, [...ancestors, real], out);
}

async function realPathOf(dir: string): Promise<string> {
  return await withFileErrors(`Cannot list images: "${dir}"`, () => realPath(dir));
}

async function listFolder(dir: string): Promise<Listing> {
  const listing: Listing = { folders: [], images: [] };
  try {
    for (const { name, isSymlink, ...entry } of await readFolder(dir)) {
      if (name.startsWith(".")) continue;
      const { isDirectory, isFile } = isSymlink ? await stat(`${dir}/${name}`) : entry;
      if (isDirectory) listing.folders.push(name);
      else if (isFile && IMAGE_NAME.test(name)) listing.images.push(name);
    }
  } catch (cause) {
    throw listingError(dir, cause);
  }
  listing.folders.sort(compare);
  listing.images.sort(compare);
  return listing;
}

function listingError(dir: string, cause: unknown): unknown {
  const { code } = cause as { readonly code?: unknown };
  if (code === "ENOENT") {
    return new FewbitError(
      "not_found",
      `Cannot list images: there is no folder "${dir}", or a link in it is broken`,
      { cause },
    );
  }
  if (code === "ENOTDIR") {
    return new FewbitError("invalid_argument", `Cannot list images: "${dir}" is not a folder`, {
      cause,
    });
  }
  return fileError(`Cannot list images: "${dir}"`, cause);
}

/** By UTF-16 code unit, whatever the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
