"use strict";
(() => {
  // Everything is readable without this script: it searches, filters and sorts tables, and opens what a link leads to.
  const rowsOf = (table) => Array.from(table.tBodies[0].rows);
  const texts = new WeakMap();
  const textOf = (row) => {
    let text = texts.get(row);
    if (text === undefined) {
      text = row.textContent.toLowerCase();
      texts.set(row, text);
    }
    return text;
  };

  for (const tools of document.querySelectorAll(".tools")) {
    const table = document.getElementById(tools.dataset.table);
    const search = tools.querySelector("input[type=search]");
    const boxes = Array.from(tools.querySelectorAll("input[type=checkbox]"));
    const level = tools.querySelector("select");
    const output = tools.querySelector("output");
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const on = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      let shown = 0;
      const rows = rowsOf(table);
      for (const row of rows) {
        const verdicts = (row.dataset.v || "").trim().split(" ");
        const keep = (boxes.length === 0 || verdicts.some((verdict) => on.has(verdict)))
          && (!level || level.value === "" || row.dataset.l === level.value)
          && words.every((word) => textOf(row).includes(word));
        row.hidden = !keep;
        shown += keep ? 1 : 0;
      }
      output.value = shown === rows.length ? `${shown} shown` : `${shown} of ${rows.length} shown`;
    };
    let timer;
    tools.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(apply, 120);
    });
    tools.hidden = false;
    table.resetFilter = () => {
      search.value = "";
      for (const box of boxes) box.checked = true;
      if (level) level.value = "";
      apply();
    };
    apply();
  }

  for (const head of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    const numeric = head.dataset.sort.startsWith("n");
    const firstDown = head.dataset.sort.endsWith("-");
    const keyOf = (row) => {
      const cell = row.cells[head.cellIndex];
      return numeric ? Number(cell.dataset.k) : cell.textContent.toLowerCase();
    };
    button.addEventListener("click", () => {
      const table = head.closest("table");
      const was = head.getAttribute("aria-sort");
      const down = was === "ascending" ? true : was === "descending" ? false : firstDown;
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = rowsOf(table).map((row) => [keyOf(row), row]);
      keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
      table.tBodies[0].append(...keyed.map(([, row]) => row));
    });
  }

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const table = target.closest("table");
    if (target.hidden && table && table.resetFilter) table.resetFilter();
    for (let outer = target.parentElement; outer; outer = outer.parentElement) {
      if (outer.tagName === "DETAILS") outer.open = true;
    }
    const inner = target.tagName === "TR" ? target.querySelector("details") : null;
    if (inner) inner.open = true;
    // What was just opened has no place on the page before the next frame.
    requestAnimationFrame(() => target.scrollIntoView({ block: target.tagName === "TR" ? "center" : "start" }));
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
