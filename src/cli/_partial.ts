/** What a long command has done so far, in a folder beside its output: a run that was stopped goes on from there. */
import { FewbitError } from "../errors.ts";
import { makeFolder, readFolder, removeFile, removeFolder } from "../files/file_system.ts";
import { isFolder, readOptionalFile } from "../files/read_file.ts";
import { writeWhole } from "./_run.ts";

/** Name of the file that says whose work it is. */
const KEY = "key";

/** Parts by name. */
export class PartialWork {
  private constructor(private readonly folder: string, private readonly signal: AbortSignal) {}

  /**
   * Opens the work for an output; what has another key is removed.
   *
   * @param key Says all that the parts follow from.
   */
  static async open(output: string, key: string, signal: AbortSignal): Promise<PartialWork> {
    const work = new PartialWork(`${output}.partial`, signal);
    if (await isFolder(work.folder)) {
      const other = await work.read(KEY);
      if (other === key) return work;
      if (other === undefined) {
        throw new FewbitError(
          "invalid_argument",
          `Cannot keep work in ${work.folder}: it is there, and nothing that fewbit wrote`,
        );
      }
      await work.remove();
    }
    await makeFolder(work.folder);
    await work.write(KEY, key).catch(async (error) => {
      // An empty folder would be nobody's.
      await removeFolder(work.folder);
      throw error;
    });
    return work;
  }

  /** A part, if it is there. */
  async read(name: string): Promise<string | undefined> {
    const bytes = await readOptionalFile(`${this.folder}/${name}`);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** Keeps a part; it is whole or not there. */
  async write(name: string, text: string): Promise<void> {
    await writeWhole(`${this.folder}/${name}`, new TextEncoder().encode(text), this.signal);
  }

  /** Removes everything, at the end; the key last, so that what is left by a run that ends here is known. */
  async remove(): Promise<void> {
    const names = (await readFolder(this.folder)).map(({ name }) => name);
    for (const name of names.filter((name) => name !== KEY)) {
      await removeFile(`${this.folder}/${name}`);
    }
    if (names.includes(KEY)) await removeFile(`${this.folder}/${KEY}`);
    await removeFolder(this.folder);
  }
}
