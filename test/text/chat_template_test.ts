import assert from "node:assert/strict";
import { applyChatTemplate, ChatTemplate } from "../../src/text/chat_template.ts";
import type { ChatMessage } from "../../src/text/chat_template.ts";
import { fails } from "./_fails.ts";

interface Vector {
  readonly name: string;
  readonly template: string;
  readonly messages: readonly ChatMessage[];
  readonly prompt: boolean;
  readonly variables: Record<string, unknown>;
  readonly text?: string;
  readonly refusal?: string;
}

/** What Jinja2 says, set up as transformers sets it up: test/vectors/make_text.py. */
const VECTORS: readonly Vector[] = JSON.parse(
  Deno.readTextFileSync(new URL("../vectors/text/chats.json", import.meta.url)),
);
const USER = [{ role: "user", content: "Hi" }];

Deno.test("conversations are rendered as Jinja2 renders them", () => {
  for (const { name, template, messages, prompt, variables, text, refusal } of VECTORS) {
    const config = {
      chat_template: template,
      bos_token: "<s>",
      eos_token: { content: "</s>", special: true },
      add_bos_token: true,
    };
    const render = () =>
      applyChatTemplate(config, messages, { addGenerationPrompt: prompt, variables });
    if (refusal === undefined) assert.equal(render(), text, name);
    else fails(render, "invalid_argument", `refuses it: ${refusal}`);
  }
});

Deno.test("of several templates the named one is taken", () => {
  const chat_template = [
    { name: "default", template: "D{{ messages | length }}" },
    { name: "tool_use", template: "T" },
  ];
  assert.equal(ChatTemplate.fromConfig({ chat_template }).render(USER), "D1");
  assert.equal(ChatTemplate.fromConfig({ chat_template }, "tool_use").render(USER), "T");
  fails(
    () => ChatTemplate.fromConfig({ chat_template }, "rag"),
    "not_found",
    'none named "rag", only "default", "tool_use"',
  );
  fails(() => ChatTemplate.fromConfig({}), "not_found", "no chat_template");
  fails(
    () => ChatTemplate.fromConfig({ chat_template: [null, 3] }),
    "not_found",
    "no chat_template",
  );
});

Deno.test("templates that are none, fail or count far are refused", () => {
  fails(() => new ChatTemplate("{% for %}"), "invalid_file", "Cannot read chat template");
  fails(() => new ChatTemplate("{{"), "invalid_file", "Cannot read chat template");
  fails(() => new ChatTemplate("a".repeat(2 ** 20 + 1)), "limit_exceeded", "1048577 code units");
  fails(
    () => new ChatTemplate("(".repeat(9) + "{{" + "(".repeat(5e5)),
    "invalid_file",
    "Cannot read",
  );
  fails(() => new ChatTemplate("{{ nothing() }}").render(USER), "invalid_file", "fails");
  fails(() => new ChatTemplate("{{ range(1000000000) }}").render(USER), "limit_exceeded", "from 0");
  fails(() => new ChatTemplate("{{ range(0, 9, 0) }}").render(USER), "limit_exceeded", "by 0");
  const count = "{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}{{ range(3) | join }}";
  assert.equal(new ChatTemplate(count).render(USER), "531012");
});

Deno.test("messages need a role", () => {
  const template = new ChatTemplate("{{ messages[0].content }}");
  const bad = (messages: unknown, message: string) =>
    fails(() => template.render(messages as ChatMessage[]), "invalid_argument", message);
  bad("Hi", "messages are no array");
  bad([...USER, { content: "x" }], "message 1 has no role");
  bad([null], "message 0 has no role");
  assert.equal(template.render([{ role: "user", content: "{{ x }}" }]), "{{ x }}");
});

Deno.test("the date of a conversation is given, in English", () => {
  const now = new Date(2026, 10, 4, 7, 8, 9);
  const template = new ChatTemplate("{{ strftime_now('%a %A %d %b %B %Y-%m %H:%M:%S 100%% %q') }}");
  assert.equal(
    template.render(USER, { now }),
    "Wed Wednesday 04 Nov November 2026-11 07:08:09 100% %q",
  );
  const present = new ChatTemplate("{{ strftime_now('%Y') }}").render(USER);
  assert.ok(Number(present) >= 2024, present);
});

Deno.test("variables may replace what every template gets", () => {
  const variables = { bos_token: "<b>", range: "mine" };
  const template = new ChatTemplate("{{ bos_token }}{{ range }}", { bos_token: "<s>" });
  assert.equal(template.render(USER, { variables }), "<b>mine");
});
