// y[t] = f[t]·y[t ∓ 1] + x[t] along the rows, each channel on its own.
import { ScanF32 } from "../generated/ops/scan_f32";
import { store_words } from "../kernels/tail";

export function scratch_scan_f32(_op: ScanF32): usize {
  return 0;
}

export function exec_scan_f32(op: ScanF32): void {
  const f = op.f, x = op.x, initial = op.initial.address, y = op.y, reverse = op.reverse == 1;
  const rows = x.rows, n = x.columns;
  for (let c = 0; c < n; c += 4) {
    const at = <usize> c << 2;
    let sum = initial ? v128.load(initial + at) : f32x4.splat(0);
    for (let i = 0; i < rows; i++) {
      const t = <usize> (reverse ? rows - 1 - i : i);
      const product = f32x4.mul(v128.load(f.address + t * f.stride + at), sum);
      sum = f32x4.add(product, v128.load(x.address + t * x.stride + at));
      store_words(y.address + t * y.stride + at, sum, n - c);
    }
  }
}
