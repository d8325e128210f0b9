/** The same sources give the same bytes. */
import assert from "node:assert/strict";
import { packages } from "../../tools/package.ts";
import { bytesOf } from "../../tools/package/files.ts";
import { sha256 } from "../hosts/_picture.ts";

async function digests(): Promise<string[]> {
  const all: string[] = [];
  for (const [name, files] of Object.entries(await packages())) {
    for (const [path, content] of files) all.push(`${name}/${path} ${sha256(bytesOf(content))}`);
  }
  return all;
}

/** Builds twice and compares. */
export async function buildTwice(): Promise<void> {
  const first = await digests();
  assert.ok(first.length > 200);
  assert.deepEqual(await digests(), first);
}
