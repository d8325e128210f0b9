/** Tables of integer language models, by the hashes that the oracle has of them. */
import assert from "node:assert/strict";
import {
  exponentialTable,
  octaveTable,
  samplingRate,
  turnTable,
} from "../../src/numeric/integer_tables.ts";
import { sha256Int32 } from "../golden/_shared.ts";

Deno.test("cosines of a turn, exponentials and an octave are the oracle's", () => {
  assert.equal(
    sha256Int32(turnTable()),
    "c3e5bdfe0774a3916808c36f687e89f359bd4042e14e1d308f6eda5b16727f09",
  );
  assert.equal(
    sha256Int32(exponentialTable()),
    "190fcf131d0d6c7fa653c32803fa51e4d4717a42d8ba07e60992585d3f7173fe",
  );
  assert.equal(
    sha256Int32(octaveTable()),
    "21c50821b132c0a124613b2ee76cac286c1cb8148ed63fb62a3763910318da50",
  );
});

Deno.test("a rate is 1/65536 octaves a unit; temperature 0 has none", () => {
  assert.deepEqual([1, 0.7, 100, 0].map(samplingRate), [1512775, 2161108, 15128, 0]);
});
