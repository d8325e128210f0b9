// Access to the records of `generated/tables.ts`.
import { KIND_BITS, LAST_OPCODE, NOT_HELD, OPCODES, RECORDS } from "./generated/tables";

/** What is known of an instruction. Axes follow, then its attributes, operands, rules. */
// @ts-ignore: decorator
@unmanaged
export class Description {
  operands: u8;
  attributes: u8;
  presenceRules: u8;
  extentRules: u8;
  variables: u8;
  sameDtype: u8;
  workTokens: u8;
  /** Of all ways to cut it into parts. */
  axes: u8;

  /** Axis of the first way; the other ones follow. */
  // @ts-ignore: decorator
  @inline
  get firstAxis(): Axis {
    return changetype<Axis>(changetype<usize>(this) + offsetof<Description>());
  }

  /** Range of an attribute. */
  // @ts-ignore: decorator
  @inline
  attribute(index: u32): AttributeRange {
    return changetype<AttributeRange>(
      changetype<usize>(this.firstAxis.skip(this.axes)) +
        <usize> index * offsetof<AttributeRange>(),
    );
  }

  /** Operand 0. */
  // @ts-ignore: decorator
  @inline
  get firstOperand(): OperandDescription {
    return changetype<OperandDescription>(changetype<usize>(this.attribute(this.attributes)));
  }

  /** Presence rules, words again, given what follows the operands. */
  // @ts-ignore: decorator
  @inline
  rulesBehind(operand: OperandDescription): usize {
    return (changetype<usize>(operand) + 3) & ~3;
  }
}

/** An axis along which parts are cut (`src/instructions/split.ts`); those of a way follow each other. */
// @ts-ignore: decorator
@unmanaged
export class Axis {
  /** Variable, CODE_LEADING, or CODE_ATTRIBUTE + an attribute. */
  extent: u8;
  /** CODE_NUMBER + the elements of a block, or CODE_ATTRIBUTE + the attribute that says it. */
  block: u8;
  /** What repeats along it, a variable, CODE_SUFFIX or CODE_NONE | axes of its way from this one on << 6. */
  bits: u8;
  /** A bit for each variable that is cut with it. */
  variables: u8;

  // @ts-ignore: decorator
  @inline
  get repeats(): u32 {
    return this.bits & 63;
  }

  // @ts-ignore: decorator
  @inline
  get left(): u32 {
    return this.bits >> 6;
  }

  /** Whether a dimension with this code is cut with it: only variables are, of which there are 8 at most. */
  // @ts-ignore: decorator
  @inline
  cuts(code: u32): bool {
    return code < 8 && ((<u32> this.variables >> code) & 1) != 0;
  }

  // @ts-ignore: decorator
  @inline
  skip(axes: u32): Axis {
    return changetype<Axis>(changetype<usize>(this) + <usize> axes * offsetof<Axis>());
  }
}

/** Range of an attribute, both ends included. */
// @ts-ignore: decorator
@unmanaged
export class AttributeRange {
  min: u16;
  max: u16;
}

/** What is known of an operand; its dimensions follow. */
// @ts-ignore: decorator
@unmanaged
export class OperandDescription {
  /** role | optional << 2 | check << 3. */
  bits: u8;
  /** Masks by code. */
  layouts: u8;
  dtypes: u16;
  /** Variable that limits the values, or CODE_NONE. */
  limit: u8;
  dimensions: u8;

  // @ts-ignore: decorator
  @inline
  get role(): u32 {
    return this.bits & 3;
  }

  // @ts-ignore: decorator
  @inline
  get isOptional(): bool {
    return (this.bits & 4) != 0;
  }

  // @ts-ignore: decorator
  @inline
  get check(): u32 {
    return this.bits >> 3;
  }

  /** kind | value << KIND_BITS. */
  // @ts-ignore: decorator
  @inline
  dimension(index: u32): u32 {
    return load<u16>(
      changetype<usize>(this) + (<usize> index << 1),
      offsetof<OperandDescription>(),
    );
  }

  /** The operand behind this one; behind the last one are rules. */
  get next(): OperandDescription {
    return changetype<OperandDescription>(
      changetype<usize>(this) + offsetof<OperandDescription>() + (<usize> this.dimensions << 1),
    );
  }
}

/** What kind of dimension it is: `DIMENSION_…`. */
// @ts-ignore: decorator
@inline
export function kindOf(dimension: u32): u32 {
  return dimension & ((1 << KIND_BITS) - 1);
}

/** Entry of an opcode in the table of records, 0 where there is none. */
// @ts-ignore: decorator
@inline
function entryOf(opcode: u32): u32 {
  return opcode > LAST_OPCODE ? 0 : load<u16>(OPCODES + (<usize> opcode << 1));
}

/** Of an opcode that the module holds; null for an unknown one. */
export function descriptionOf(opcode: u32): Description {
  const at = entryOf(opcode);
  return changetype<Description>(at ? RECORDS + (<usize> at << 2) : 0);
}

/** Operand `j` of a description. */
export function operandOf(description: Description, j: u32): OperandDescription {
  let operand = description.firstOperand;
  for (; j > 0; j--) operand = operand.next;
  return operand;
}

/** Whether the format has an opcode and this module does not hold it. */
export function isMissing(opcode: u32): bool {
  return entryOf(opcode) == NOT_HELD;
}
