import assert from "node:assert/strict";
import { unpickle } from "../../src/formats/_pickle.ts";
import {
  PickleFunction,
  PickleOpaque,
  type PickleWorld,
} from "../../src/formats/_pickle_machine.ts";
import { FewbitError } from "../../src/errors.ts";
import { assertThrows } from "./_assert.ts";
import { join, latin1 } from "./_join.ts";
import { checkMutations } from "./_mutate.ts";
import { PICKLES } from "./_pickle_samples.ts";

const WORLD: PickleWorld = {
  findGlobal(module: string, name: string): unknown {
    if (module === "collections" && name === "OrderedDict") {
      return new PickleFunction((args) => new Map(args[0] as [unknown, unknown][] | undefined));
    }
    throw new FewbitError("invalid_file", `Cannot find ${module}.${name}`);
  },
  loadPersistent: (id: unknown): unknown => ({ id }),
};

function run(...parts: (string | number[])[]): unknown {
  const bytes = join(...parts.map((part) => typeof part === "string" ? latin1(part) : part));
  return unpickle(bytes, 0, WORLD).value;
}

Deno.test("pickle: what Python wrote reads, for every protocol", () => {
  for (const [protocol, text] of PICKLES.entries()) {
    const bytes = Uint8Array.fromBase64(text);
    const { value, end } = unpickle(join([9], bytes), 1, WORLD);
    assert.equal(end, bytes.length + 1);
    assert.ok(value instanceof Map);
    const { bytes: small, bytearray, ...rest } = Object.fromEntries(value);
    assert.deepEqual(rest, {
      none: null,
      true: true,
      false: false,
      int: 1,
      neg: -5,
      u16: 40000,
      i32: -70000,
      big: 2 ** 40,
      huge: -(2n ** 70n),
      float: 1.5,
      inf: -Infinity,
      text: "h\u00e9\n'\"\\\u20ac\u{1f600}",
      list: [1, [2]],
      t0: [],
      t1: [1],
      t2: [1, 2],
      t3: [1, 2, 3],
      t4: [1, 2, 3, 4],
      dict: new Map(),
      ordered: new Map<string, unknown>([["a", 1], ["b", [2]]]),
    }, `protocol ${protocol}`);
    assert.deepEqual(small, protocol >= 3 ? Uint8Array.of(0, 255) : undefined);
    assert.deepEqual(bytearray, protocol === 5 ? Uint8Array.of(1, 2) : undefined);
  }
});

Deno.test("pickle: opcodes that Python no longer writes", () => {
  assert.equal(run("S'a\\x41\\n\\'\\\\'\n."), "aA\n'\\");
  assert.equal(run("U", [3], "abc."), "abc");
  assert.equal(run("T", [3, 0, 0, 0], "abc."), "abc");
  assert.equal(run("L123L\n."), 123);
  assert.equal(run("I01\n."), true);
  assert.equal(run("I1\n."), 1);
  assert.equal(run("F-1e+300\n."), -1e300);
  assert.ok(Number.isNaN(run("Fnan\n.")));
  assert.deepEqual(run("(I1\nI2\nd."), new Map([[1, 2]]));
  assert.deepEqual(run("I1\n(I2\nI3\n1."), 1);
  assert.deepEqual(run("I1\n2\x86."), [1, 1]);
  assert.deepEqual(run("(icollections\nOrderedDict\n."), new Map());
  assert.deepEqual(run("(ccollections\nOrderedDict\no."), new Map());
  assert.deepEqual(run("ccollections\nOrderedDict\n)", [0x81], "."), new Map());
  assert.deepEqual(run("Pkey\n."), { id: "key" });
  assert.deepEqual(run("K", [5], "Q."), { id: 5 });
});

Deno.test("pickle: attributes of a dict are dropped", () => {
  assert.deepEqual(run("ccollections\nOrderedDict\n)R}X", [1, 0, 0, 0], "aNsb."), new Map());
});

Deno.test("pickle: what is not allowed is refused", () => {
  const cases: [(string | number[])[], RegExp][] = [
    [["cos\nsystem\n."], /Cannot find os.system/],
    [["X", [2, 0, 0, 0], "osX", [6, 0, 0, 0], "system", [0x93], "."], /Cannot find os.system/],
    [["(ios\nsystem\n."], /Cannot find os.system/],
    [["N)R."], /a value that is called is no function/],
    [["N)", [0x81], "."], /a value that is called is no function/],
    [["NNb."], /attributes are set on a value/],
    [[[0x97], "."], /opcode 0x97 is unknown or not allowed/],
    [["(1N(N", [0x90], "."], /items are added to what is not a set/],
    [[[0x82], "."], /opcode 0x82 is unknown or not allowed/],
    [["?"], /opcode 0x3f is unknown or not allowed/],
    [[[0x80, 6], "N."], /protocol 6 exceeds 5/],
    [["."], /the stack is empty/],
    [["a"], /the stack is empty/],
    [["N(a."], /the stack is empty/],
    [["t."], /there is no mark/],
    [["NNa."], /not a list/],
    [["NNNs."], /not a dict/],
    [["}(Nu."], /a key has no value/],
    [["h", [1], "."], /memo 1 is not set/],
    [["N"], /1 bytes are expected where 0 are left/],
    [["X", [255, 255, 255, 255], "."], /4294967295 bytes are expected where 1 are left/],
    [[[0x8d, 0, 0, 0, 0, 0, 0, 0, 255], "."], /bytes are expected/],
    [["X", [1, 0, 0, 0, 0xff], "."], /a string is not UTF-8/],
    [[[0x8b, 1, 1, 0, 0], "."], /an integer has 257 bytes/],
    [["I1"], /a line does not end/],
    [["Ix\n."], /not a decimal integer/],
    [["L" + "9".repeat(300) + "\n."], /not a decimal integer/],
    [["Fx\n."], /not a decimal float/],
    [["Sx\n."], /a string has no quotes/],
    [["V\\Uffffffff\n."], /beyond Unicode/],
    [["cx\n"], /a line does not end/],
  ];
  for (const [parts, message] of cases) {
    assertThrows(() => run(...parts), "invalid_file", message);
  }
});

Deno.test("pickle: objects that are not known take part and do nothing", () => {
  const world: PickleWorld = {
    findGlobal: (module, name) => new PickleOpaque(`${module}.${name}`),
    loadPersistent: (id) => id,
  };
  const cases: [(string | number[])[], string][] = [
    [["cos\nsystem\n(S'x'\ntR."], "os.system"],
    [["ca\nB\n)", [0x81], "}(NNub."], "a.B"],
    [["ca\nB\n)}", [0x92], "(NNu."], "a.B"],
    [["(ia\nB\n(NNe."], "a.B"],
    [["(ca\nB\nNo(NNuNa."], "a.B"],
    [[[0x8f], "(NN", [0x90], "."], "builtins.set"],
    [["(NN", [0x91], "."], "builtins.frozenset"],
  ];
  for (const [parts, name] of cases) {
    const bytes = join(...parts.map((part) => typeof part === "string" ? latin1(part) : part));
    const { value } = unpickle(bytes, 0, world);
    assert.deepEqual(value, new PickleOpaque(name));
  }
});

Deno.test("pickle: a line, and a line that does not end, of 50 MB", () => {
  for (const opcode of ["I", "L", "F", "S", "V", "P", "c"]) {
    const bytes = new Uint8Array(50_000_000).fill(0x39);
    bytes[0] = opcode.charCodeAt(0);
    for (const end of [0x39, 0x0a]) {
      bytes[bytes.length - 1] = end;
      const start = performance.now();
      assertThrows(() => unpickle(bytes, 0, WORLD), "invalid_file", /a line has more than 1048576/);
      assert.ok(performance.now() - start < 1000);
    }
  }
  // Many lines of the longest kind.
  const line = latin1(`V${"9".repeat(2 ** 20 - 1)}\n0`);
  const lines = join(...Array<Uint8Array>(48).fill(line), latin1("N."));
  const start = performance.now();
  assert.equal(unpickle(lines, 0, WORLD).value, null);
  assert.ok(performance.now() - start < 5000);
});

Deno.test("pickle: time and memory stay linear", () => {
  const opcodes = join(new Uint8Array(2 ** 22).fill(0x29), latin1("."));
  assertThrows(() => unpickle(opcodes, 0, WORLD), "limit_exceeded", /more than 4194304 opcodes/);
  // A list of 1,000 pairs that is copied for every six bytes.
  const start = latin1("ccollections\nOrderedDict\nq\x00(" + "NN\x86".repeat(1_000) + "l\x85q\x01");
  const bomb = join(start, latin1("h\x00h\x01R0".repeat(1_000)), latin1("."));
  assertThrows(() => unpickle(bomb, 0, WORLD), "invalid_file", /passed to calls too often/);
  // Deep nesting takes no recursion, a list in itself no loop.
  const deep = join(latin1("]".repeat(1e6)), latin1("a".repeat(1e6 - 1)), latin1("."));
  assert.ok(Array.isArray(unpickle(deep, 0, WORLD).value));
  assert.ok(Array.isArray(run("]q", [0], "h", [0], "a.")));
});

Deno.test("pickle: damaged pickles are read or refused", async () => {
  for (const text of PICKLES) {
    const bytes = Uint8Array.fromBase64(text);
    await checkMutations(bytes, (damaged) => unpickle(damaged, 0, WORLD));
  }
});
