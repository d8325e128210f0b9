/** Templates against Jinja2, set up as transformers sets it up: test/vectors/make_chat.py. */
import assert from "node:assert/strict";
import { ChatTemplate } from "../../src/text/chat_template.ts";
import type { ChatMessage } from "../../src/text/chat_template.ts";
import { FewbitError } from "../../src/errors.ts";
import { fails } from "./_fails.ts";

interface Expected {
  readonly text?: string;
  /** Jinja2 raises one. */
  readonly error?: string;
}

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../vectors/text/${name}.json`, import.meta.url)));
const { variables, chats, snippets, whole } = read("jinja");
const templates: Record<string, string> = read("chat_templates");

/** What is refused, though Jinja2 renders it. */
const REFUSED: readonly string[] = [
  "{{ numbers | map('string') }}",
  "{{ ('<' | safe) ~ 'a' }}",
  "{{ x | e }}",
  "{{ '<a>' | escape }}",
  "{{ 3 | filesizeformat }}",
  "{{ words | random is defined }}",
  "{{ x.__class__ }}",
  "{{ cycler('a', 'b').next() }}",
  "{{ 99999999999 * 99999999999 }}",
  "{{ 9007199254740993 }}",
  "{{ 2 ** 0.5 }} {{ 2 ** -1 }}",
  "{{ 'ß' | upper }} {{ 'ŒUVRE' | lower }} {{ 'ΑΣ'.lower() }} {{ 'ǆ' | capitalize }}",
  "{{ '²'.isdigit() }} {{ 'é'.isalpha() }} {{ '漢'.isalnum() }}",
];

/** The text, or the code of the error. */
function rendered(template: string, given: Readonly<Record<string, unknown>>): string {
  const { messages, add_generation_prompt, ...others } = given;
  try {
    return new ChatTemplate(template).render(messages as ChatMessage[], {
      addGenerationPrompt: add_generation_prompt as boolean,
      variables: others,
    });
  } catch (error) {
    assert.ok(error instanceof FewbitError, `${template}: ${error}`);
    return `error: ${error.code}`;
  }
}

Deno.test(`${snippets.length} snippets are rendered as by Jinja2, or refused by name`, () => {
  const refused: string[] = [];
  for (const { template, text, error } of snippets as (Expected & { template: string })[]) {
    const got = rendered(template, variables);
    if (error !== undefined) assert.match(got, /^error: /, `${template}: Jinja2 says ${error}`);
    else if (got === "error: unsupported") refused.push(template);
    else assert.equal(got, text, template);
  }
  assert.deepEqual(refused, REFUSED);
});

Deno.test(`${Object.keys(templates).length} whole templates render ${whole.length} conversations as Jinja2 does`, () => {
  for (const { name, chat, prompt, tools, text, error } of whole) {
    const got = rendered(templates[name], {
      messages: chats[chat],
      add_generation_prompt: prompt,
      bos_token: "<s>",
      eos_token: "</s>",
      ...(tools && { tools: variables.tools }),
    });
    const shown = `${name}, chat ${chat}, prompt ${prompt}, tools ${tools}`;
    if (error !== undefined) assert.match(got, /^error: /, `${shown}: Jinja2 says ${error}`);
    else assert.equal(got, text, shown);
  }
});

const USER = [{ role: "user", content: "Hi" }];
const LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
const DOUBLING =
  "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";

/** Templates that would take all time or memory. */
const HOSTILE: readonly string[] = [
  LOOPS,
  DOUBLING,
  DOUBLING.replace("ns.x ~ ns.x", "ns.x + ns.x"),
  DOUBLING.replace("ns.x ~ ns.x", "ns.x * 9"),
  DOUBLING.replace("'ab'", "[1]").replace("ns.x ~ ns.x", "ns.x + ns.x"),
  DOUBLING.replace("'ab'", "[1]").replace("ns.x ~ ns.x", "[ns.x, ns.x]") + "{{ ns.x }}",
  DOUBLING.replace("'ab'", "[1]").replace("ns.x ~ ns.x", "[ns.x, ns.x]") + "{{ ns.x | tojson }}",
  DOUBLING.replace("ns.x ~ ns.x", "ns.x | replace('a', ns.x)"),
  DOUBLING.replace("ns.x ~ ns.x", "ns.x.join([ns.x, ns.x, ns.x])"),
  DOUBLING.replace("ns.x ~ ns.x", "'%s%s' % (ns.x, ns.x)"),
  DOUBLING.replace("ns.x ~ ns.x", "'{0}{0}'.format(ns.x)"),
  "{{ 'a' * 10000000000 }}",
  "{{ [0] * 10000000000 }}",
  "{{ '%999999999d' % 1 }}",
  "{{ 'a'.ljust(9999999999) }}",
  "{{ 'a' | center(9999999999) }}",
  "{{ '{:>9999999999}'.format(1) }}",
  "{{ '7'.zfill(9999999999) }}",
  "{{ [1] | batch(9999999999, 0) | list }}",
  "{{ [1] | slice(9999999999) | list }}",
  "{{ range(100001) }}",
  "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
  "{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(1) }}",
  "{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}",
  "{% for a in range(99999) %}0123456789012345678901234567890123456789{{ 'x' * 9999 }}{% endfor %}",
  `{{ ${"(".repeat(1e5)}1${")".repeat(1e5)} }}`,
  `{{ ${"-".repeat(1e5)}1 }}`,
  "{% if 1 %}".repeat(5e4) + "{% endif %}".repeat(5e4),
];

Deno.test(`${HOSTILE.length} hostile templates end in a typed error within 5 seconds each`, () => {
  for (const template of HOSTILE) {
    const start = performance.now();
    const got = rendered(template, { messages: USER, add_generation_prompt: true });
    assert.match(got, /^error: (limit_exceeded|invalid_file|unsupported)$/, template.slice(0, 100));
    assert.ok(performance.now() - start < 5000, template.slice(0, 100));
  }
});

Deno.test("variables are JSON", () => {
  const render = (x: unknown) => new ChatTemplate("{{ x }}").render(USER, { variables: { x } });
  assert.equal(
    render({ a: [1, 1.5, null, undefined, true], b: undefined }),
    "{'a': [1, 1.5, None, None, True]}",
  );
  for (const x of [() => 1, Symbol(), 1n, new Date(), new Map()]) {
    fails(() => render(x), "invalid_argument", '"x" is neither JSON');
  }
  const loop: unknown[] = [];
  loop.push(loop);
  fails(() => render(loop), "invalid_argument", "nested more than");
});
