/** A matrix `[rows, columns]` turned; onnxruntime has weights as `[k, n]`, we as `[n, k]`. */
export function transpose<T extends Int8Array | Float32Array>(
  matrix: T,
  rows: number,
  columns: number,
): T {
  const turned = matrix.slice() as T;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) turned[c * rows + r] = matrix[r * columns + c];
  }
  return turned;
}
