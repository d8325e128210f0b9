import assert from "node:assert/strict";
import { ProtobufReader } from "../../src/formats/_protobuf.ts";
import { assertThrows } from "./_assert.ts";
import { join } from "./_join.ts";
import { field, floatField, varint } from "./_protobuf_builder.ts";

function reader(...parts: ArrayLike<number>[]): ProtobufReader {
  const message = new ProtobufReader(join(...parts));
  message.next();
  return message;
}

Deno.test("protobuf: integers of every length read", () => {
  for (let bits = 0n; bits < 64n; bits++) {
    for (const value of [1n << bits, (1n << bits) - 1n, -(1n << bits)]) {
      const signed = BigInt.asIntN(64, value);
      assert.equal(reader(field(1, signed)).int64(), signed);
    }
  }
  assert.equal(reader(field(1, -5)).integer(), -5);
  assert.equal(reader([8, 0x80, 0x80, 0]).integer(), 0);
});

Deno.test("protobuf: fields are read or skipped", () => {
  const message = new ProtobufReader(join(
    field(1, "text"),
    field(2, 5),
    floatField(3, 1.5),
    [4 << 3 | 1],
    new Uint8Array(8),
    field(5, new Uint8Array(3)),
    field(2 ** 28, 7),
  ));
  const fields: number[] = [];
  for (let number = message.next(); number !== 0; number = message.next()) {
    fields.push(number);
    if (number === 1) assert.equal(message.string(), "text");
    else if (number === 3) assert.equal(message.float(), 1.5);
    else message.skip();
  }
  assert.deepEqual(fields, [1, 2, 3, 4, 5, 2 ** 28]);
});

Deno.test("protobuf: repeated numbers are packed or not", () => {
  assert.deepEqual(reader(field(1, 300)).int64s(), [300n]);
  assert.deepEqual(reader(field(1, join(varint(300), varint(-1)))).int64s(), [300n, -1n]);
  assert.deepEqual([...reader(floatField(1, 1)).fixed(4)], [0, 0, 0x80, 0x3f]);
  assert.equal(reader(field(1, new Uint8Array(24))).fixed(8).length, 24);
});

Deno.test("protobuf: malformed messages are refused", () => {
  const cases: [() => unknown, RegExp][] = [
    [() => reader([0]), /field number 0 is not valid/],
    [() => reader(varint(2n ** 40n)), /field number .* is not valid/],
    [() => reader([0x80]), /1 bytes are expected where 0 are left/],
    [() => reader([8], new Array(10).fill(0x80), [0]).int64(), /more than 10 bytes/],
    [() => reader([8 | 2], varint(-1)).bytes(), /bytes are expected where 0 are left/],
    [() => reader([8 | 2, 5, 0]).skip(), /5 bytes are expected where 1 are left/],
    [() => reader([8 | 3]).skip(), /wire type 3 is not supported/],
    [() => reader([8 | 7]).skip(), /wire type 7 is not supported/],
    [() => reader(field(1, 5)).string(), /has wire type 0, expected 2/],
    [() => reader(field(1, 5)).float(), /has wire type 0, expected 5/],
    [() => reader(field(1, 5)).fixed(8), /has wire type 0, expected 1/],
    [() => reader(field(1, new Uint8Array(6))).fixed(4), /ends inside a value/],
    [() => reader(field(1, Uint8Array.of(0xff))).string(), /not UTF-8/],
    [() => reader(field(1, Uint8Array.of(0xff))).int64s(), /bytes are expected/],
  ];
  for (const [read, message] of cases) assertThrows(read, "invalid_file", message);
});

Deno.test("protobuf: nesting is limited", () => {
  let bytes = new Uint8Array();
  for (let depth = 0; depth < 65; depth++) bytes = join(field(1, bytes));
  function descend(message: ProtobufReader): void {
    if (message.next() !== 0) descend(message.message());
  }
  assertThrows(() => descend(new ProtobufReader(bytes)), "invalid_file", /deeper than 64 levels/);
});
