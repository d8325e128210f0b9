/** Arithmetic on shapes and flat indices. */

/** Number of elements in each step along each axis of a row-major tensor. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
}

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Every multi-index of a shape, in row-major order. */
export function* positionsOf(shape: readonly number[]): Generator<readonly number[]> {
  const count = shape.reduce((a, b) => a * b, 1);
  const strides = stridesOf(shape);
  for (let flat = 0; flat < count; flat++) {
    yield shape.map((extent, axis) => Math.floor(flat / strides[axis]) % extent);
  }
}

/** Flat index of each element of the transposed tensor, in the order of its elements. */
export function transposition(shape: readonly number[], permutation: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return Array.from(
    positionsOf(permutation.map((axis) => shape[axis])),
    (position) => position.reduce((sum, at, i) => sum + at * strides[permutation[i]], 0),
  );
}

/** Flat index into a tensor of shape `from` that broadcasts to `to`, for each element of `to`. */
export function broadcast(from: readonly number[], to: readonly number[]): number[] {
  const aligned = [...new Array<number>(to.length - from.length).fill(1), ...from];
  const strides = stridesOf(aligned).map((stride, axis) => aligned[axis] === 1 ? 0 : stride);
  return Array.from(
    positionsOf(to),
    (position) => position.reduce((sum, at, axis) => sum + at * strides[axis], 0),
  );
}

/** The shape to which two shapes broadcast. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const extent = (shape: readonly number[], axis: number) => shape[axis + shape.length - rank] ?? 1;
  return Array.from({ length: rank }, (_, axis) => {
    const [x, y] = [extent(a, axis), extent(b, axis)];
    return x === 1 ? y : x;
  });
}

/** 0, 1, … */
export function range(count: number, first = 0): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Whether indices name all of `count` elements in their order. */
export function contiguous(indices: readonly number[], count: number): boolean {
  return indices.length === count && indices.every((index, i) => index === i);
}
