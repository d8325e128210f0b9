/** Whether a path is a safetensors file, whatever its name. */
import { foreignFile } from "../foreign_file.ts";
import { isFile, openFile } from "../files/read_file.ts";

/** Bytes that tell what a file is. */
const LOOK = 512;

/** Looks at how a file begins. */
export async function isSafetensorsFile(path: string): Promise<boolean> {
  if (!await isFile(path)) return false;
  using file = (await openFile(path)).file;
  const start = new Uint8Array(LOOK);
  const count = await file.read(start);
  return foreignFile(start.subarray(0, count)) === "it is a safetensors file";
}
