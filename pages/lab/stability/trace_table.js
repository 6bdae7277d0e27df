// @ts-check
// The table of operations by dtypes: in each dtype a value, and beside it the slope that comes back.

import { make } from "../web/dom.js";

/**
 * @typedef {{ entries: string[], short: string[], bad: number[], mark: string }} Cell
 * @typedef {{ operation: string, phase: string, text: string, said: string, cells: Cell[] }} Row
 * @typedef {{ rows: Row[], columns: string[], glyphs: string[], chosen: number, title: string }} Told
 * @typedef {{ table: HTMLTableElement, stages: { line: HTMLTableRowElement, phase: string }[] }} Table
 */

// The exact arithmetic is the last column of what is told; what is said of a row has its numbers.
/** @param {Told} told */
const dtypesOf = ({ columns }) => columns.slice(0, -1);

/**
 * The classes in which an entry is not finite, in any dtype.
 *
 * @param {Told} told
 */
export function badClasses({ rows, columns }) {
  const cells = rows.flatMap((row) => row.cells.slice(0, columns.length - 1));
  return new Set(cells.filter((cell) => cell.entries.length > 1).flatMap((cell) => cell.bad));
}

/**
 * Rows forward, with the number of each stage, from 1, and that of its way back, if it has one.
 *
 * @param {Row[]} rows
 */
export function pairStages(rows) {
  const stages = rows.map((row, place) => ({ row, number: place + 1 }));
  const back = new Map(stages.filter(({ row }) => row.phase === "backward").map((one) => [one.row.operation, one]));
  return stages
    .filter(({ row }) => row.phase === "forward")
    .map((forward) => ({ forward, backward: back.get(forward.row.operation) }));
}

/**
 * @param {Told} told
 * @param {number} followed the class whose entries are shown
 * @param {import("../web/types.js").Words} words
 * @param {(step: number) => void} go
 * @returns {Table}
 */
export function buildTable(told, followed, words, go) {
  const dtypes = dtypesOf(told);
  const lines = pairStages(told.rows).map(({ forward, backward }) => {
    const cells = dtypes.flatMap((_name, column) => [
      cellNode(forward.row.cells[column], followed, { kind: "value", step: forward.number, go }),
      cellNode(backward?.row.cells[column], followed, { kind: "slope", step: backward?.number, go }),
    ]);
    const name = make("th", { scope: "row" }, make("i", {}, String(forward.number)), make("span", {}, forward.row.text));
    name.addEventListener("click", () => go(forward.number));
    return { line: make("tr", {}, name, ...cells), forward, backward };
  });
  const stages = lines.flatMap(({ line, forward, backward }) => [
    { line, phase: "forward", number: forward.number },
    ...(backward ? [{ line, phase: "backward", number: backward.number }] : []),
  ]);
  stages.sort((one, other) => one.number - other.number);
  const widths = dtypes.flatMap(() => [make("col", { class: "value" }), make("col", { class: "slope" })]);
  const table = make(
    "table", { "aria-label": told.title },
    make("colgroup", {}, make("col", { class: "operation" }), ...widths),
    head(told, words),
    make("tbody", {}, ...lines.map(({ line }) => line))
  );
  return { table, stages };
}

/** @param {Told} told @param {import("../web/types.js").Words} words */
function head(told, words) {
  const names = dtypesOf(told).map((name, column) => {
    const chosen = column === told.chosen;
    return make(
      "th", { scope: "colgroup", colspan: 2, class: chosen ? "chosen" : null },
      make("b", { class: `glyph ${name}`, "aria-hidden": "true" }, told.glyphs[column]),
      make("span", { class: "long" }, name),
      make("span", { class: "brief", "aria-hidden": "true" }, name.replace("float", "f")),
      ...(chosen ? [make("small", {}, words.chosen)] : [])
    );
  });
  const ways = dtypesOf(told).flatMap(() => [
    make("th", { scope: "col", class: "value" }, `${words.value} ↓`),
    make("th", { scope: "col", class: "slope" }, `${words.slope} ↑`),
  ]);
  const first = make("th", { scope: "col", rowspan: 2 }, words.operation);
  return make("thead", {}, make("tr", {}, first, ...names), make("tr", { class: "ways" }, ...ways));
}

/**
 * @param {Cell | undefined} cell
 * @param {number} followed
 * @param {{ kind: string, step: number | undefined, go: (step: number) => void }} place
 */
function cellNode(cell, followed, { kind, step, go }) {
  if (!cell || step === undefined) return make("td", { class: `${kind} none` });
  const entry = cell.entries.length > 1 ? followed : 0;
  const failed = cell.bad.includes(entry);
  const born = failed && cell.mark;
  const node = make(
    "td",
    { class: [kind, failed && "failed", born && "born"].filter(Boolean).join(" "), title: cell.entries[entry] },
    make("span", {}, cell.short[entry]),
    ...(born ? [make("small", { class: "mark" }, cell.mark)] : [])
  );
  node.addEventListener("click", () => go(step));
  return node;
}
