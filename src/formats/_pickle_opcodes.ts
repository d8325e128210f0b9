import { type PickleMachine, PickleOpaque } from "./_pickle_machine.ts";

/** What an opcode does. */
export type PickleOpcode = (machine: PickleMachine) => void;

/** Highest version of the protocol. */
const MAX_PROTOCOL = 5;

/** Escapes in a byte string of protocol 0, besides `\xhh`. */
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * The opcodes of protocols 0 to 5 by their byte, but STOP, and those of extension objects and
 * out-of-band buffers, which need what is not in the file.
 *
 * The order and names are those of CPython's `pickletools.py`.
 */
export const PICKLE_OPCODES: ReadonlyMap<number, PickleOpcode> = new Map<number, PickleOpcode>(
  Object.entries<PickleOpcode>({
    // Integers: INT, BININT, BININT1, BININT2, LONG, LONG1, LONG4.
    "I": (m) => m.push(parseInteger(m)),
    "J": (m) => m.push(m.cursor.int32()),
    "K": (m) => m.push(m.cursor.uint8()),
    "M": (m) => m.push(m.cursor.uint16()),
    "L": (m) => m.push(m.cursor.decimal()),
    "\x8a": (m) => m.push(m.cursor.long(m.cursor.uint8())),
    "\x8b": (m) => m.push(m.cursor.long(m.cursor.uint32())),
    // Strings: STRING, BINSTRING, SHORT_BINSTRING, and the same of Unicode.
    "S": (m) => m.push(parseQuoted(m)),
    "T": (m) => m.push(m.cursor.text(m.cursor.uint32())),
    "U": (m) => m.push(m.cursor.text(m.cursor.uint8())),
    "V": (m) => m.push(parseUnicode(m)),
    "\x8c": (m) => m.push(m.cursor.text(m.cursor.uint8())),
    "X": (m) => m.push(m.cursor.text(m.cursor.uint32())),
    "\x8d": (m) => m.push(m.cursor.text(m.cursor.uint64())),
    // Bytes: BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8.
    "B": (m) => m.push(m.cursor.bytes(m.cursor.uint32())),
    "C": (m) => m.push(m.cursor.bytes(m.cursor.uint8())),
    "\x8e": (m) => m.push(m.cursor.bytes(m.cursor.uint64())),
    "\x96": (m) => m.push(m.cursor.bytes(m.cursor.uint64())),
    // NONE, NEWTRUE, NEWFALSE, FLOAT, BINFLOAT.
    "N": (m) => m.push(null),
    "\x88": (m) => m.push(true),
    "\x89": (m) => m.push(false),
    "F": (m) => m.push(m.cursor.decimalFloat()),
    "G": (m) => m.push(m.cursor.float64()),
    // Lists: EMPTY_LIST, APPEND, APPENDS, LIST.
    "]": (m) => m.push([]),
    "a": (m) => m.append([m.pop()]),
    "e": (m) => m.append(m.popMark()),
    "l": (m) => m.push(m.popMark()),
    // Tuples: EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3.
    ")": (m) => m.push([]),
    "t": (m) => m.push(m.popMark()),
    "\x85": (m) => m.push([m.pop()]),
    "\x86": (m) => m.push([m.pop(), m.pop()].reverse()),
    "\x87": (m) => m.push([m.pop(), m.pop(), m.pop()].reverse()),
    // Dicts: EMPTY_DICT, DICT, SETITEM, SETITEMS.
    "}": (m) => m.push(new Map()),
    "d": dict,
    "s": (m) => m.setItems([m.pop(), m.pop()].reverse()),
    "u": (m) => m.setItems(m.popMark()),
    // Sets: EMPTY_SET, ADDITEMS, FROZENSET.
    "\x8f": (m) => m.push(new PickleOpaque("builtins.set")),
    "\x90": (m) => m.addItems(m.popMark()),
    "\x91": frozenSet,
    // The stack: POP, DUP, MARK, POP_MARK.
    "0": (m) => void m.pop(),
    "2": (m) => m.push(m.top()),
    "(": (m) => m.mark(),
    "1": (m) => void m.popMark(),
    // The memo: GET, BINGET, LONG_BINGET, PUT, BINPUT, LONG_BINPUT, MEMOIZE.
    "g": (m) => m.pushMemo(Number(m.cursor.decimal())),
    "h": (m) => m.pushMemo(m.cursor.uint8()),
    "j": (m) => m.pushMemo(m.cursor.uint32()),
    "p": (m) => m.memoize(Number(m.cursor.decimal())),
    "q": (m) => m.memoize(m.cursor.uint8()),
    "r": (m) => m.memoize(m.cursor.uint32()),
    "\x94": (m) => m.memoize(),
    // Globals and calls: GLOBAL, STACK_GLOBAL, REDUCE, BUILD, INST, OBJ, NEWOBJ, NEWOBJ_EX.
    "c": (m) => m.push(m.world.findGlobal(m.cursor.line(), m.cursor.line())),
    "\x93": stackGlobal,
    "R": reduce,
    "b": build,
    "i": (m) => m.call(m.world.findGlobal(m.cursor.line(), m.cursor.line()), m.popMark()),
    "o": object,
    "\x81": reduce,
    "\x92": reduceWithKeywords,
    // PROTO, FRAME, PERSID, BINPERSID. A frame needs no more than its length skipped.
    "\x80": checkProtocol,
    "\x95": (m) => void m.cursor.uint64(),
    "P": (m) => m.push(m.world.loadPersistent(m.cursor.line())),
    "Q": (m) => m.push(m.world.loadPersistent(m.pop())),
  }).map(([character, opcode]) => [character.charCodeAt(0), opcode]),
);

function parseInteger(machine: PickleMachine): number | bigint | boolean {
  const start = machine.cursor.offset;
  const value = machine.cursor.decimal();
  // Protocol 0 writes booleans as integers of two digits.
  return machine.cursor.offset - start === 3 && (value === 0 || value === 1) ? value === 1 : value;
}

function parseQuoted(machine: PickleMachine): string {
  const text = machine.cursor.line();
  const [quote] = text;
  if (text.length < 2 || !(quote === "'" || quote === '"') || !text.endsWith(quote)) {
    throw machine.invalid("a string has no quotes");
  }
  return text.slice(1, -1).replace(
    /\\(?:x([0-9a-f]{2})|(.))/gi,
    (_, hex, letter) => hex ? String.fromCharCode(parseInt(hex, 16)) : ESCAPES[letter] ?? letter,
  );
}

function parseUnicode(machine: PickleMachine): string {
  return machine.cursor.line().replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8}))/g, (_, four, eight) => {
    const code = parseInt(four ?? eight, 16);
    if (code > 0x10ffff) throw machine.invalid("an escape is beyond Unicode");
    return String.fromCodePoint(code);
  });
}

function dict(machine: PickleMachine): void {
  const items = machine.popMark();
  machine.push(new Map());
  machine.setItems(items);
}

function stackGlobal(machine: PickleMachine): void {
  const name = machine.popString();
  machine.push(machine.world.findGlobal(machine.popString(), name));
}

function reduce(machine: PickleMachine): void {
  const args = machine.popArray();
  machine.call(machine.pop(), args);
}

function object(machine: PickleMachine): void {
  const [callee, ...args] = machine.popMark();
  machine.call(callee, args);
}

/** Keyword arguments are only ever given to what is not known. */
function reduceWithKeywords(machine: PickleMachine): void {
  machine.pop();
  reduce(machine);
}

function frozenSet(machine: PickleMachine): void {
  machine.popMark();
  machine.push(new PickleOpaque("builtins.frozenset"));
}

/** An OrderedDict may carry attributes, as a state dict does with its `_metadata`: dropped. */
function build(machine: PickleMachine): void {
  machine.pop();
  const object = machine.top();
  if (!(object instanceof Map || object instanceof PickleOpaque)) {
    throw machine.invalid("attributes are set on a value");
  }
}

function checkProtocol(machine: PickleMachine): void {
  const version = machine.cursor.uint8();
  if (version > MAX_PROTOCOL) throw machine.invalid(`protocol ${version} exceeds ${MAX_PROTOCOL}`);
}
