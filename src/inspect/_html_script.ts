/** Script of the page: it shows and hides, and copies what is already in the page. */

/** JavaScript; it makes no text of its own but counts, so there is nothing to escape. */
export const PAGE_SCRIPT = `
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("scripted");
  const tabs = all("[role=tab]");
  const entries = all(".entry");
  const input = document.querySelector("input[type=search]");
  const found = document.querySelector(".found");

  const select = (entry, number, pinned) => {
    const rows = all(".rows li", entry);
    const row = rows.find((li) => li.dataset.i === String(number));
    if (!row) return;
    if (pinned) entry.dataset.pin = number;
    const at = rows.indexOf(row);
    const near = new Set();
    for (const path of all(".edges path", entry)) {
      const [a, b] = [Number(path.dataset.a), Number(path.dataset.b)];
      const on = a === at || b === at;
      path.classList.toggle("on", on);
      if (on) near.add(a).add(b);
    }
    rows.forEach((li, i) => {
      li.classList.toggle("on", i === at);
      li.classList.toggle("near", i !== at && near.has(i));
      const button = li.querySelector("button");
      if (button) button.tabIndex = i === at ? 0 : -1;
    });
    const template = entry.querySelector('template[data-i="' + Number(number) + '"]');
    const detail = entry.querySelector(".detail");
    detail.replaceChildren(template.content.cloneNode(true));
    const used = new Set(all("tr[data-t]", detail).map((tr) => tr.dataset.t));
    for (const t of all(".memory .t", entry)) t.classList.toggle("on", used.has(t.dataset.t));
    const now = entry.querySelector(".now");
    if (now) {
      const { x0, dx, first } = now.dataset;
      const x = Number(x0) + (Number(number) - Number(first) + 0.5) * Number(dx);
      now.setAttribute("x1", x);
      now.setAttribute("x2", x);
      now.style.visibility = "visible";
    }
  };

  const show = (index) => {
    tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", i === index);
      tab.tabIndex = i === index ? 0 : -1;
    });
    entries.forEach((entry, i) => entry.classList.toggle("shown", i === index));
    search();
  };

  const search = () => {
    const words = input.value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
    let hits = 0;
    let total = 0;
    for (const li of all(".entry.shown .rows li")) {
      const hit = words.every((word) => li.dataset.words.includes(word));
      li.classList.toggle("dim", !hit);
      total++;
      if (hit) hits++;
    }
    found.textContent = words.length === 0 ? "" : hits + " of " + total;
  };

  const move = (event, items, steps) => {
    const step = steps[event.key];
    if (step === undefined) return undefined;
    event.preventDefault();
    const at = items.indexOf(event.target.closest("button"));
    return items[Math.max(0, Math.min(items.length - 1, at + step))];
  };

  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => show(i));
    tab.addEventListener("keydown", (event) => {
      const next = move(event, tabs, { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 });
      if (!next) return;
      next.focus();
      show(tabs.indexOf(next));
    });
  });
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const hit = document.querySelector(".entry.shown .rows li:not(.dim) button");
    if (hit) hit.focus();
  });
  for (const entry of entries) {
    const numberOf = (target) => target.closest("[data-i]")?.dataset.i;
    for (const area of all(".rows, .memory", entry)) {
      area.addEventListener("pointerover", (event) => {
        const number = numberOf(event.target);
        if (number !== undefined) select(entry, number, false);
      });
      area.addEventListener("pointerleave", () => {
        if (entry.dataset.pin !== undefined) select(entry, entry.dataset.pin, false);
      });
      area.addEventListener("click", (event) => {
        const number = numberOf(event.target);
        if (number === undefined) return;
        select(entry, number, true);
        if (area.classList.contains("memory")) {
          const row = entry.querySelector('.rows li[data-i="' + Number(number) + '"] button');
          row.focus({ preventScroll: true });
          row.scrollIntoView({ block: "center" });
        }
      });
    }
    const rows = entry.querySelector(".rows");
    rows.addEventListener("focusin", (event) => {
      const number = numberOf(event.target);
      if (number !== undefined) select(entry, number, true);
    });
    rows.addEventListener("keydown", (event) => {
      const next = move(event, all("li:not(.dim) button", rows), {
        ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9,
      });
      if (next) next.focus();
    });
  }
  const start = /^#(\\d+)(?:\\/(\\d+))?$/.exec(location.hash);
  show(start ? Math.min(Number(start[1]), entries.length - 1) : 0);
  if (start && start[2]) select(document.querySelector(".entry.shown"), start[2], true);
})();
`;
