// embedding_i8 with table[i][c] = code·factors[i][c / group] of 4-bit codes: ../kernels/embed.ts.
// Floats in exec_embedding_i4: multipliers for residual_row.
import { EmbeddingI4 } from "../generated/ops/embedding_i4";
import { embed, TokenRows } from "../kernels/embed";
import { real_multiplier } from "../kernels/integer";

// scratch: TokenRows, a row of i16
export function scratch_embedding_i4(op: EmbeddingI4): usize {
  return offsetof<TokenRows>() + (<usize> op.y.columns << 1) + 64;
}

export function exec_embedding_i4(op: EmbeddingI4): void {
  const tokens = changetype<TokenRows>(op.scratch);
  tokens.table = op.table;
  tokens.factors = op.factors;
  tokens.group = op.group;
  tokens.row = op.scratch + offsetof<TokenRows>();
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
