// y[t] = x[t] + positions[min(t − offsets[s], P − 1)] for the tokens t of sequence s; offsets are checked where they enter.
import { AddPositionsF32 } from "../generated/ops/add_positions_f32";
import { store_words } from "../kernels/tail";

export function scratch_add_positions_f32(_op: AddPositionsF32): usize {
  return 0;
}

export function exec_add_positions_f32(op: AddPositionsF32): void {
  const x = op.x, positions = op.positions, offsets = op.offsets, y = op.y;
  let from = x.address, to = y.address;
  for (let s = 1; s < offsets.columns; s++) {
    const bound = offsets.address + (<usize> s << 2),
      count = load<i32>(bound) - load<i32>(bound - 4);
    for (let t = 0; t < count; t++, from += x.stride, to += y.stride) {
      const row = positions.address + <usize> min(t, positions.rows - 1) * positions.stride;
      for (let left = y.columns, c: usize = 0; left > 0; left -= 4, c += 16) {
        store_words(to + c, f32x4.add(v128.load(from + c), v128.load(row + c)), left);
      }
    }
  }
}
