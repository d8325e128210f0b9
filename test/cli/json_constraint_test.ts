/** Answers in JSON: always of their schema, and no schema stops the server. */
import assert from "node:assert/strict";
import { constrainToJson } from "../../src/cli/_json_constraint.ts";
import { schemaText } from "../../src/cli/_json_schema.ts";
import { FewbitError } from "../../src/errors.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { post, serverOf, storiesModel } from "../serve/_text_server.ts";

type Schema = Readonly<Record<string, unknown>>;

const lm = await storiesModel({ sessions: 4, parallel: 4 });

async function written(schema: Schema | undefined, seed: number, of = lm): Promise<string> {
  const constraint = await constrainToJson(schema === undefined ? {} : { schema }, of);
  return await of.complete("Once upon a time", {
    seed,
    temperature: 1.2,
    maxTokens: 300,
    constraint,
  });
}

const PERSON = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 12 },
    kind: { enum: ["dog", "cat", 3, null] },
    brave: { type: "boolean" },
    friends: { type: "array", items: { $ref: "#/$defs/friend" }, minItems: 1, maxItems: 2 },
  },
  required: ["name", "kind", "brave", "friends"],
  additionalProperties: false,
  $defs: {
    friend: {
      type: "object",
      properties: { is: { anyOf: [{ const: "old" }, { type: "null" }] } },
      required: ["is"],
      additionalProperties: false,
    },
  },
};

Deno.test("json: whatever is drawn is of the schema", async () => {
  for (let seed = 0; seed < 12; seed++) {
    const { name, kind, brave, friends, ...rest } = JSON.parse(await written(PERSON, seed));
    assert.deepEqual(rest, {});
    assert.ok(typeof name === "string" && name.length <= 12);
    assert.ok(["dog", "cat", 3, null].includes(kind));
    assert.equal(typeof brave, "boolean");
    assert.ok(friends.length >= 1 && friends.length <= 2);
    for (const friend of friends) {
      assert.deepEqual(Object.keys(friend), ["is"]);
      assert.ok(["old", null].includes(friend.is));
    }
  }
});

Deno.test("json: the same seed writes the same, with a byte-level vocabulary, too", async () => {
  const schema = {
    type: "object",
    properties: { a: { enum: ["naïve", "東京"] } },
    required: ["a"],
  };
  assert.equal(await written(schema, 5), await written(schema, 5));
  using plays = await TextGenerator.fromPretrained();
  const { a } = JSON.parse(await written(schema, 2, plays));
  assert.ok(["naïve", "東京"].includes(a));
});

Deno.test("json: any object, where no schema is named", async () => {
  const constraint = await constrainToJson({}, lm);
  const text = await lm.complete("Lily", { seed: 3, maxTokens: 40, constraint });
  assert.match(text, /^\{/);
});

Deno.test("json: schemas that are not taken are refused by name, and the next one is answered", async () => {
  const bad: readonly (readonly [schema: unknown, code: string, says: RegExp])[] = [
    [{ type: "strin" }, "invalid_argument", /schema\.type/],
    [{ type: [] }, "invalid_argument", /schema\.type/],
    [{ type: 5 }, "invalid_argument", /schema\.type/],
    [{ pattern: "(" }, "unsupported", /schema\.pattern/],
    [{ format: "date" }, "unsupported", /schema\.format/],
    [{ $ref: "#/x" }, "invalid_argument", /\$ref/],
    [{ $ref: "#/$defs/a" }, "invalid_argument", /\$ref/],
    [{ $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" }, "invalid_argument", /reference/],
    [
      { $defs: { a: { type: "null" } }, $ref: "#/$defs/a", type: "null" },
      "invalid_argument",
      /beside type/,
    ],
    [{ $ref: "http://example.com" }, "invalid_argument", /\$ref/],
    [{ type: "string", minLength: 1e9 }, "invalid_argument", /minLength/],
    [{ type: "array", items: {}, minItems: -1 }, "invalid_argument", /minItems/],
    [{ enum: [] }, "invalid_argument", /enum/],
    [{ enum: [{}] }, "invalid_argument", /enum/],
    [{ anyOf: [] }, "invalid_argument", /anyOf/],
    [{ anyOf: [5] }, "invalid_argument", /anyOf\[0\]/],
    [{ properties: [] }, "invalid_argument", /properties/],
    [{ properties: { a: true } }, "invalid_argument", /properties\.a/],
    [{ required: [1] }, "invalid_argument", /required/],
    [{ additionalProperties: {} }, "invalid_argument", /additionalProperties/],
    [nested(40), "limit_exceeded", /deep/],
    [{ enum: Array(10_000).fill("abc") }, "limit_exceeded", /characters/],
    [{ anyOf: Array(600).fill({}) }, "limit_exceeded", /schemas/],
  ];
  for (const [schema, code, says] of bad) {
    assert.throws(
      () => schemaText(schema as Schema),
      (error) => error instanceof FewbitError && error.code === code && says.test(error.message),
      JSON.stringify(schema).slice(0, 80),
    );
  }
  await assert.rejects(constrainToJson({ schema: bad[0][0] as Schema }, lm), FewbitError);
  assert.equal(JSON.parse(await written({ type: "null" }, 1)), null);
});

Deno.test("json: what lets no text through ends its answer, and nobody else's", async () => {
  // Two ways to say never: the library has to say so without ending.
  for (
    const schema of [
      { type: "string", minLength: 9, maxLength: 3 },
      { type: "array", items: { type: "null" }, minItems: 4, maxItems: 2 },
      { type: "object", properties: {}, required: ["a"], additionalProperties: false },
      {},
      { type: ["string", "null"] },
      { const: 'a\u0000"\\ \ud800' },
      { enum: [1e300, -0, 0.1] },
      { properties: { "": { type: "null" }, "__proto__": {}, '"': {} }, type: "object" },
    ]
  ) {
    await written(schema, 1).catch((error) => assert.ok(error instanceof FewbitError, error));
    assert.equal(
      JSON.parse(await written({ type: "boolean", title: "still there" }, 1)) !== null,
      true,
    );
  }
});

Deno.test("json: a server answers in the form that a request names, in streams, too", async () => {
  const server = serverOf(lm, { constrain: constrainToJson });
  const response_format = { type: "json_schema", json_schema: { name: "person", schema: PERSON } };
  const messages = [{ role: "user", content: "Who?" }];
  const ask = (body: object) =>
    server.fetch(post("/v1/chat/completions", { messages, response_format, seed: 1, ...body }));
  const { choices } = await (await ask({ n: 3 })).json();
  for (const { message, finish_reason } of choices) {
    assert.equal(typeof JSON.parse(message.content).brave, "boolean");
    assert.equal(finish_reason, "stop");
  }
  const gone = await ask({ stream: true });
  await gone.body!.cancel();
  const refused = await ask({
    response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "x" } } },
  });
  assert.equal(refused.status, 400);
  const { error } = await refused.json();
  assert.equal(error.param, "response_format");
  await server.stop();
});

function nested(depth: number): Schema {
  return depth === 0 ? {} : { type: "array", items: nested(depth - 1) };
}
