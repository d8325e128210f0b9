/** Faults that random programs have to find: what a wrong kernel, planner or host would do. */
import { instructionOf } from "../../src/instructions/mod.ts";
import type { Index } from "../../src/program/program.ts";
import { DTYPE_BYTES } from "../../src/tensor.ts";
import type { Fault, Host } from "./_run_random.ts";

/** Words of a model (`asm/model.ts`), and records of its tables. */
const WORDS = { expressions: 24, tensorInfo: 104 } as const;
const TENSOR_RECORD_BYTES = 40;
const EXPRESSION_RECORD_BYTES = 36;

function view({ exports }: Host): DataView {
  return new DataView(exports.memory.buffer);
}

/** The result of an instruction that is written last, as the view of a tensor. */
function resultOf({ program }: Host, index: Index): Index | undefined {
  const { opcode, operands } = program.instructions[index];
  const j = instructionOf(opcode)!.operands.findLastIndex(({ role }, j) =>
    role === "out" && operands[j] >= 0
  );
  return j < 0 ? undefined : operands[j];
}

/** Faults by name. */
export const PLANTED: Readonly<Record<string, () => Fault>> = {
  "a 16-byte store past a tail": () => ({
    instruction: (host, index) => {
      const result = resultOf(host, index);
      if (result === undefined) return;
      const { tensor, offset, extents, rowStride } = host.program.views[result];
      const size = DTYPE_BYTES[host.program.tensors[tensor].dtype];
      const rows = extents.slice(0, -1).reduce((n, extent) => n * host.values[extent], 1);
      const columns = host.values[extents[extents.length - 1]];
      if (columns * size % 16 === 0) return;
      const last = host.values[offset] + (rows - 1) * host.values[rowStride] +
        columns - columns % Math.max(1, 16 / size);
      const at = host.exports.tensor_address(host.context, tensor) + last * size;
      const memory = new Uint8Array(host.exports.memory.buffer);
      for (let i = columns * size % 16; i < 16; i++) memory[at + i] ^= 0x55;
    },
  }),
  "arena freed early": () => ({
    start: (host) => {
      const { program, model } = host;
      const arena = program.tensors.flatMap(({ region }, i) => region === "arena" ? [i] : []);
      // As if each had died where the next one was born.
      const table = view(host).getUint32(model + WORDS.tensorInfo, true);
      for (const tensor of arena) {
        view(host).setBigUint64(table + tensor * TENSOR_RECORD_BYTES + 8, 0n, true);
      }
    },
  }),
  "overlapping parts": () => ({ parts: (order) => [...order, order[0]] }),
  "lost state": () => ({
    between: ({ exports, context }) => {
      (exports as unknown as { instance_reset(context: number): number }).instance_reset(context);
    },
  }),
  "a stale symbol": () => ({ skipSymbol: (run) => run === 2 }),
  "a ring off by one": () => ({
    start: (host) => {
      const { program, model } = host;
      const table = view(host).getUint32(model + WORDS.expressions, true);
      program.expressions.forEach(({ modulus }, i) => {
        if (modulus < 0) return;
        const at = table + i * EXPRESSION_RECORD_BYTES;
        view(host).setInt32(at, view(host).getInt32(at, true) + 1, true);
      });
    },
  }),
};
