import assert from "node:assert/strict";
import { type ErrorCode, FewbitError } from "../../src/errors.ts";
import type { Tensor } from "../../src/tensor.ts";

/** Checks that a function throws a FewbitError of one code, with a message that matches. */
export function assertThrows(read: () => unknown, code: ErrorCode, message: RegExp): void {
  assert.throws(read, (error) => isExpected(error, code, message));
}

/** Checks that a promise rejects with a FewbitError of one code, with a message that matches. */
export async function assertRejects(
  read: Promise<unknown>,
  code: ErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(read, (error) => isExpected(error, code, message));
}

/**
 * Gives scalars the shape `[1]`: the golden checkpoints have it for every scale in the files of
 * PyTorch, but `[]` for those that were used in the safetensors.
 */
export function scalarsAsVectors(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map([...tensors].map(([name, tensor]) => {
    return [name, { ...tensor, shape: tensor.shape.length === 0 ? [1] : tensor.shape }];
  }));
}

/** Checks that two checkpoints have the same names, and tensors of the same bits. */
export function assertSameTensors(
  actual: ReadonlyMap<string, Tensor>,
  expected: ReadonlyMap<string, Tensor>,
): void {
  assert.deepEqual([...actual.keys()].sort(), [...expected.keys()].sort());
  for (const [name, { dtype, shape, data }] of expected) {
    const tensor = actual.get(name)!;
    assert.equal(tensor.dtype, dtype, name);
    assert.deepEqual(tensor.shape, shape, name);
    assert.deepEqual(bitsOf(tensor.data), bitsOf(data), name);
  }
}

function bitsOf(data: Tensor["data"]): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function isExpected(error: unknown, code: ErrorCode, message: RegExp): boolean {
  assert.ok(error instanceof FewbitError, `${error}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
}
