import { FewbitError } from "../errors.ts";
import { PickleMachine, type PickleWorld } from "./_pickle_machine.ts";
import { PICKLE_OPCODES } from "./_pickle_opcodes.ts";

/** Opcodes after which a pickle is refused; a tensor takes about 30. */
const MAX_OPCODES = 2 ** 22;

const STOP = 0x2e;

/** A value from a pickle, and where the pickle ended. */
export interface Unpickled {
  readonly value: unknown;
  readonly end: number;
}

/**
 * Runs a pickle that can build plain values, and call nothing but what `world` gives it.
 *
 * Time and memory are linear in the bytes: no opcode copies a value but the checked calls.
 *
 * @param offset Where the pickle starts in the bytes.
 */
export function unpickle(bytes: Uint8Array, offset: number, world: PickleWorld): Unpickled {
  const machine = new PickleMachine(bytes, offset, world);
  for (let count = 0; count < MAX_OPCODES; count++) {
    const code = machine.cursor.uint8();
    if (code === STOP) return { value: machine.pop(), end: machine.cursor.offset };
    const opcode = PICKLE_OPCODES.get(code);
    if (opcode === undefined) {
      throw machine.invalid(`the opcode 0x${code.toString(16)} is unknown or not allowed`);
    }
    opcode(machine);
  }
  throw new FewbitError(
    "limit_exceeded",
    `Cannot read pickle: it has more than ${MAX_OPCODES} opcodes`,
  );
}
