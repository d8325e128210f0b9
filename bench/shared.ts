/** Files of the folder that FEWBIT_SHARED names: golden scales, data. */

const FOLDER = Deno.env.get("FEWBIT_SHARED") ??
  new URL("../../shared", import.meta.url).pathname;

/** Path of a file there. */
export function sharedPath(path: string): string {
  return `${FOLDER}/${path}`;
}

/** A parsed file of it. */
export function readSharedJson<T>(path: string): T {
  return JSON.parse(Deno.readTextFileSync(sharedPath(path)));
}
