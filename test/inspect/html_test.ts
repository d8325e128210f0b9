import assert from "node:assert/strict";
import { lanesOf } from "../../src/inspect/_html_edges.ts";
import { escapeHtml } from "../../src/inspect/_escape.ts";
import { htmlPage } from "../../src/inspect/html.ts";
import { inspected, layersFile } from "./_program.ts";

/** Elements of a page by a crude scan; markup inside of scripts and styles is skipped. */
function tagsOf(page: string): string[] {
  const bare = page.replace(/(<(script|style)[^>]*>).*?(<\/\2>)/gs, "$1$3");
  return [...bare.matchAll(/<\/?([a-z][a-z0-9]*)((?:[^>"']|"[^"]*"|'[^']*')*)>/gi)].map((m) =>
    m[0]
  );
}

Deno.test("html: hostile names and metadata stay text", async () => {
  const evil =
    `"><script>alert(1)</script><img src=x onerror='alert(2)'></template></style>&\u202E\0`;
  const { summary } = inspected(
    await layersFile({ [evil]: evil, labels: [evil, { [evil]: evil }] }),
  );
  const hostile = {
    ...summary,
    id: evil,
    tensors: summary.tensors.map((t) => ({ ...t, name: evil, shape: [evil], layout: evil })),
    symbols: summary.symbols.map((s) => ({ ...s, name: evil, max: evil })),
    entries: summary.entries.map((e) => ({ ...e, name: evil })),
    instructions: summary.instructions.map((i) => ({
      ...i,
      name: evil,
      attributes: { [evil]: evil },
      operands: i.operands.map((o) => ({ ...o, name: evil, shape: [evil], offset: evil })),
    })),
  };
  const timing = {
    entry: evil,
    engine: evil,
    runs: 1,
    symbols: { [evil]: 1 },
    runMs: 1,
    instructionMs: new Array(7).fill(1),
    work: new Array(7).fill(1),
  };
  const page = await htmlPage(hostile, {
    name: evil,
    entries: hostile.entries.slice(0, 1),
    timings: [timing],
  });
  const tame = await htmlPage(summary, {
    name: "tame",
    entries: summary.entries.slice(0, 1),
    timings: [{ ...timing, entry: "main" }],
  });
  assert.doesNotMatch(page, /<img|<script>alert|onerror='|[\u202E\0]/);
  assert.equal(page.match(/<script/g)?.length, 1);
  // The same elements as a harmless program has, so no name opened or closed one.
  const names = (html: string) => tagsOf(html).map((tag) => /^<\/?[a-z0-9]+/i.exec(tag)![0]);
  const count = (html: string, tag: string) => names(html).filter((name) => name === tag).length;
  for (const tag of ["<template", "</template", "<svg", "<button", "<style", "<ol", "<table"]) {
    assert.equal(count(page, tag), count(tame, tag), tag);
  }
});

Deno.test("html: needs nothing but itself", async () => {
  const { summary } = inspected(await layersFile());
  const page = await htmlPage(summary, { name: "model.fewbit" });
  assert.doesNotMatch(page, /(src|href|url)\s*[=(]/i);
  assert.doesNotMatch(page, /@import|https?:/);
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1];
  assert.match(policy, /^default-src 'none'; /);
  const script = /<script>(.*?)<\/script>/s.exec(page)![1];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
  assert.ok(policy.includes(`script-src 'sha256-${new Uint8Array(digest).toBase64()}'`));
  new Function(script);
});

Deno.test("html: a row and a template for each instruction, a rectangle for each tensor", async () => {
  const { summary } = inspected(await layersFile());
  const page = await htmlPage(summary, { name: "model.fewbit" });
  assert.equal(page.match(/<li data-i=/g)?.length, 8);
  assert.equal(page.match(/<template data-i=/g)?.length, 8);
  assert.equal(page.match(/<g class="t /g)?.length, 6);
  assert.equal(page.match(/role="tab"/g)?.length, 2);
  const only = await htmlPage(summary, { name: "m", entries: summary.entries.slice(1) });
  assert.equal(only.match(/<li data-i=/g)?.length, 1);
});

Deno.test("html: tags are balanced", async () => {
  const { summary } = inspected(await layersFile({ task: "x" }));
  const empty = new Set(["meta", "input"]);
  const open: string[] = [];
  for (const tag of tagsOf(await htmlPage(summary, { name: "m" }))) {
    const name = /^<\/?([a-z0-9]+)/i.exec(tag)![1];
    if (tag.startsWith("</")) assert.equal(open.pop(), name, tag);
    else if (!empty.has(name) && !tag.endsWith("/>")) open.push(name);
  }
  assert.deepEqual(open, []);
});

Deno.test("html: lines past other rows get lanes in which they do not meet", () => {
  const line = (from: number, to: number) => ({ from, to, bytes: 1, title: "" });
  assert.deepEqual(lanesOf([line(0, 1), line(0, 4), line(1, 3), line(4, 6), line(3, 5)]), [
    0,
    1,
    2,
    1,
    2,
  ]);
  assert.ok(
    lanesOf(Array.from({ length: 100 }, (_, i) => line(i, 200))).every((lane) => lane <= 16),
  );
});

Deno.test("html: escaping", () => {
  assert.equal(
    escapeHtml(`<a b="c" d='e'>&amp;`),
    "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;",
  );
  assert.equal(escapeHtml("a\u202Eb\ud800c\x1b"), "a\uFFFDb\uFFFDc\uFFFD");
});
