/** Where the oracles and data are, and what tests do where they are not. */
import { createHash } from "node:crypto";

/** Folder of the shared material. */
export const SHARED: string = Deno.env.get("FEWBIT_SHARED") ??
  new URL("../../../shared", import.meta.url).pathname;

/** Whether a test has to be skipped: its files are not there. Prints which; in CI nothing is skipped. */
export function absent(...paths: string[]): boolean {
  if (Deno.env.get("CI") !== undefined) return false;
  for (const path of paths) {
    try {
      Deno.statSync(path);
    } catch {
      console.log(`skipped: ${path} is not there`);
      return true;
    }
  }
  return false;
}

/** A JSON file of the shared material. */
// deno-lint-ignore no-explicit-any
export function readJson(path: string): any {
  return JSON.parse(Deno.readTextFileSync(`${SHARED}/${path}`));
}

/** SHA-256 of bytes, hexadecimal. */
export function sha256(data: ArrayBufferView): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

/** SHA-256 of integers as little-endian i32, as the goldens have it. */
export function sha256Int32(codes: ArrayLike<number>): string {
  return sha256(Int32Array.from(codes));
}

/** float32 numbers from their bits. */
export function fromBits(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}
