/** The facts in a saved session, with their checksum made right: they may be hostile. */
import assert from "node:assert/strict";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { storiesModel } from "../serve/_text_server.ts";
import { crc32c } from "../../src/program/crc32c.ts";

const HEADER_BYTES = 12;

/** A saved session with some of its facts replaced. */
function withFacts(
  saved: Uint8Array,
  change: (facts: Record<string, unknown>) => string,
): Uint8Array {
  const length = new DataView(saved.buffer, saved.byteOffset).getUint32(4, true);
  const json = new TextDecoder().decode(saved.subarray(HEADER_BYTES, HEADER_BYTES + length));
  const text = new TextEncoder().encode(change(JSON.parse(json)));
  const state = saved.subarray(HEADER_BYTES + length);
  const bytes = new Uint8Array(HEADER_BYTES + text.length + state.length);
  bytes.set(saved.subarray(0, HEADER_BYTES));
  bytes.set(text, HEADER_BYTES);
  bytes.set(state, HEADER_BYTES + text.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, text.length, true);
  view.setUint32(8, crc32c(text), true);
  return bytes;
}

const HOSTILE: readonly (readonly [name: string, value: unknown])[] = [
  ...[2 ** 31, 2 ** 32, 2 ** 53, -1, 0.5, null, "1"].map((value) => ["past", value] as const),
  ...[-1, 1e300, null, []].map((value) => ["seed", value] as const),
  ...[-1, 1.5, "x"].map((value) => ["draws", value] as const),
  ...[[-1], [1e9], [0.5], [1, 2], "1", null].map((value) => ["unread", value] as const),
  ...[[-1], Array(65).fill(1), [null], {}].map((value) => ["recent", value] as const),
  ...[1, null].map((value) => ["held", value] as const),
  ...[1, null].map((value) => ["pending", value] as const),
];

Deno.test(`a saved session with ${HOSTILE.length} hostile facts and 4 hostile texts is refused, and nothing changes`, async () => {
  using lm = await TextGenerator.fromPretrained();
  using session = lm.session();
  for await (const _ of session.generate("ROMEO:", { seed: 1, maxTokens: 5 }));
  const saved = await session.save();
  const refuse = async (bytes: Uint8Array, name: string): Promise<void> => {
    assert.throws(() => session.restore(bytes), { code: "invalid_file" }, name);
    assert.deepEqual(await session.save(), saved, name);
  };
  for (const [name, value] of HOSTILE) {
    const bytes = withFacts(saved, (facts) => JSON.stringify({ ...facts, [name]: value }));
    await refuse(bytes, `${name} ${value}`);
  }
  const texts = ["null", "[]", "[".repeat(1e6), `{"past":${"[],".repeat(1e5)}1}`];
  for (const text of texts) await refuse(withFacts(saved, () => text), text.slice(0, 20));
});

Deno.test("a conversation of 2^31 - 1 tokens reads no more", async () => {
  using lm = await TextGenerator.fromPretrained();
  using session = lm.session();
  await session.append("ROMEO:");
  const long = withFacts(
    await session.save(),
    (facts) => JSON.stringify({ ...facts, past: 2 ** 31 - 1 }),
  );
  session.restore(long);
  await assert.rejects(session.append("x"), { code: "limit_exceeded", message: /2147483647/ });
  assert.deepEqual(await session.save(), long);
});

Deno.test("a saved session of more tokens than its state has shows nothing of the session before", async () => {
  const file = await Deno.readFile(new URL("../../models/stories260k.fewbit", import.meta.url));
  using lm = await TextGenerator.fromPretrained(file);
  const secret = lm.session();
  await secret.append("Once upon a time, there was a little girl named Lily.");
  const { length } = secret;
  secret[Symbol.dispose]();
  using session = lm.session();
  await session.append("Tim");
  const saved = await session.save();
  const forged = withFacts(
    saved,
    ({ ids: _, ...facts }) => JSON.stringify({ ...facts, past: length }),
  );
  assert.throws(() => session.restore(forged), {
    code: "invalid_file",
    message: new RegExp(`its state is not one of ${length} tokens`),
  });
  assert.equal(session.length, 0);
  assert.throws(() => lm.session(forged), { code: "limit_exceeded" });
  session.restore(saved);
  assert.deepEqual(await session.save(), saved);
  session[Symbol.dispose]();
  // What was refused keeps no session.
  assert.throws(() => lm.session(forged), { code: "invalid_file" });
  assert.throws(() => lm.session(saved.buffer as never), { code: "invalid_argument" });
  using last = lm.session(saved);
  assert.deepEqual(await last.save(), saved);
});

Deno.test("a prefill that is refused leaves the session as it was", async () => {
  using lm = await storiesModel({ context: 64 });
  using session = lm.session();
  await session.append("Once upon a time");
  const saved = await session.save();
  const long = [{ role: "system", content: "one two three ".repeat(40) }];
  await assert.rejects(session.prefill(long), { code: "limit_exceeded" });
  const short = [{ role: "system", content: "Hi" }];
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(session.prefill(short, { signal }), /enough/);
  assert.deepEqual(await session.save(), saved);
  await session.prefill(short);
  assert.deepEqual(session.messages, short);
});
