/** On which grids a BERT encoder has its values. */
import assert from "node:assert/strict";
import { bertConfig } from "../../src/models/bert_config.ts";
import { buildBert } from "../../src/models/bert.ts";
import { bertSites, quantizeBert, smoothedSites } from "../../src/quantize/bert.ts";
import type { QuantizeBertOptions } from "../../src/quantize/bert.ts";
import { SiteTable } from "../../src/quantize/sites.ts";
import { attempt } from "../_attempt.ts";
import { tinyBert, WIDTH } from "../pipelines/_tiny_bert.ts";

const checkpoint = tinyBert();
const config = bertConfig(checkpoint);
const { weights } = checkpoint;
const graph = buildBert(config, weights);
const BLOCK = "encoder.layer.0.";

function sitesOf(options: QuantizeBertOptions) {
  const table = new SiteTable(graph, graph.outputs, bertSites(options));
  const values = [
    ...[...graph.constants.values()].map(({ value }) => value),
    ...graph.nodes.map(({ outputs }) => outputs.y),
  ];
  return new Map(values.flatMap((value) => table.of(value)).map((site) => [site.name, site]));
}

Deno.test("sites of a layer: a norm has 8 bits for layers and 16 for the residual, GELU 12", () => {
  const bits = [...sitesOf({})].map(([name, site]) => `${name} ${site.bits}`)
    .filter((name) => !name.startsWith("encoder.layer.1"));
  assert.deepEqual(bits.sort(), [
    "embedding 16",
    `${BLOCK}attention_out 16`,
    `${BLOCK}context 8`,
    `${BLOCK}gelu_in 12`,
    `${BLOCK}gelu_out 12`,
    `${BLOCK}in16 16`,
    `${BLOCK}in8 8`,
    `${BLOCK}key 8`,
    `${BLOCK}mid16 16`,
    `${BLOCK}mid8 8`,
    `${BLOCK}mlp_out 16`,
    `${BLOCK}query 8`,
    `${BLOCK}residual1 16`,
    `${BLOCK}residual2 16`,
    `${BLOCK}value 8`,
    "last16 16",
    "position 16",
  ]);
});

Deno.test("GELU of 8 bits has 8 on both sides; nothing else changes", () => {
  const [twelve, eight] = [sitesOf({}), sitesOf({ geluBits: 8 })];
  for (const [name, { bits }] of twelve) {
    assert.equal(eight.get(name)!.bits, /gelu_(in|out)$/.test(name) ? 8 : bits, name);
  }
});

Deno.test("divisors stand on the sites of their names; a context shares its with the value", () => {
  const divided = ["in8", "mid8", "context", "gelu_in", "gelu_out"]
    .map((name) => [`${BLOCK}${name}`, new Float32Array(WIDTH)] as const);
  const smooth = new Map<string, Float32Array>(divided);
  for (const [name, { divisors }] of sitesOf({ smooth, geluBits: 8 })) {
    const expected = name === `${BLOCK}value` ? `${BLOCK}context` : name;
    // The same object: what was divided stays so where both are the same.
    assert.equal(divisors, smooth.get(expected), name);
  }
});

Deno.test("smoothed sites: behind norms, and with a GELU of 8 bits what is left", () => {
  const names = (bits: 8 | 12) =>
    [...smoothedSites(config, bits)].filter(([name]) => name.startsWith(BLOCK))
      .map(([name, width]) => `${name.slice(BLOCK.length)} ${width}`);
  assert.deepEqual(names(12), [`in8 ${WIDTH}`, `mid8 ${WIDTH}`]);
  assert.deepEqual(names(8), [
    `in8 ${WIDTH}`,
    `mid8 ${WIDTH}`,
    `context ${WIDTH}`,
    "gelu_in 44",
    "gelu_out 44",
  ]);
  assert.equal(smoothedSites(config, 12).size, 2 * config.depth);
});

Deno.test("one text at a time has a site of its scores besides, else the same", () => {
  const names = (single: boolean) =>
    attempt(() => quantizeBert(config, weights, { single })).sites.map(({ site }) => site.name);
  const scores = [0, 1].map((i) => `encoder.layer.${i}.scores`);
  assert.deepEqual(
    names(true).filter((name) => !scores.includes(name)),
    // Where attention is one instruction, its result is on its grid already.
    names(true).filter((name) => names(false).includes(name) || name.endsWith("context")),
  );
  for (const name of scores) assert.ok(names(true).includes(name) && !names(false).includes(name));
});

Deno.test("layers that read a smoothed site: queries, keys and values; the intermediate one", () => {
  const { readers } = quantizeBert(config, weights);
  const shapes = (name: string) => readers.get(`${BLOCK}${name}`)!.map(({ shape }) => shape);
  assert.deepEqual(shapes("in8"), [[WIDTH, WIDTH], [WIDTH, WIDTH], [WIDTH, WIDTH]]);
  assert.deepEqual(shapes("mid8"), [[44, WIDTH]]);
  assert.deepEqual(shapes("gelu_out"), [[WIDTH, 44]]);
  assert.deepEqual(shapes("context"), [[WIDTH, WIDTH]]);
});

Deno.test("an epsilon that counts beside variances is refused", () => {
  assert.throws(() => quantizeBert({ ...config, epsilon: 0.01 }, weights), {
    code: "unsupported",
    message: /encoder: its epsilon/,
  });
});
