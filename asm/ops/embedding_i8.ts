// y[t] = clamp16(round(table[i]·m[i] / 2^e[i]) + round(positions[p]·m' / 2^e')): ../kernels/embed.ts.
// Floats in exec_embedding_i8: multipliers for residual_row.
import { Operand } from "../generated/operand";
import { EmbeddingI8 } from "../generated/ops/embedding_i8";
import { embed, TokenRows } from "../kernels/embed";
import { real_multiplier } from "../kernels/integer";

export function scratch_embedding_i8(_op: EmbeddingI8): usize {
  return offsetof<TokenRows>();
}

export function exec_embedding_i8(op: EmbeddingI8): void {
  const tokens = changetype<TokenRows>(op.scratch);
  tokens.table = op.table;
  tokens.factors = changetype<Operand>(0);
  const m2 = real_multiplier(
    load<i32>(op.position_multiplier.address),
    load<i32>(op.position_shift.address),
  );
  embed(
    tokens,
    op.multiplier.address,
    op.shift,
    op.positions,
    m2,
    op.index.address,
    op.offsets,
    op.y,
  );
}
