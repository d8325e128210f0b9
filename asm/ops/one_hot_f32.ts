// On in the column of the index, else off; zeros where there is no such column.
import { OneHotF32 } from "../generated/ops/one_hot_f32";

export function scratch_one_hot_f32(_op: OneHotF32): usize {
  return 0;
}

export function exec_one_hot_f32(op: OneHotF32): void {
  const y = op.y, n = y.columns, values = op.values.address;
  const off = load<f32>(values), on = load<f32>(values, 4);
  let index = op.index.address, to = y.address;
  for (let t = y.rows; t > 0; t--, index += 4, to += y.stride) {
    const hot = load<i32>(index);
    for (let c = 0; c < n; c++) {
      store<f32>(to + (<usize> c << 2), <u32> hot >= <u32> n ? 0 : c == hot ? on : off);
    }
  }
}
