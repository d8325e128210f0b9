import { FewbitError } from "../../../errors.ts";
import type { Operation } from "../wgsl/operation.ts";
import { MOST_COLUMNS } from "./_root_mean_square.ts";

/**
 * Columns of an operand, of which a workgroup holds a row.
 *
 * @throws {FewbitError} `unsupported` where it does not.
 */
export function columnsOfRow(instruction: string, operation: Operation, name: string): number {
  const { columns } = operation.most(name);
  if (columns <= MOST_COLUMNS) return columns;
  throw new FewbitError(
    "unsupported",
    `Cannot run ${instruction} of ${columns} columns on a GPU: at most ${MOST_COLUMNS}`,
  );
}
