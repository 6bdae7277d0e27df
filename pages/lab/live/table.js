// @ts-check
// The data of a figure as rows, for a table and for CSV: one row a point or a cell.

/** @typedef {import("../web/types.js").Figure} Figure */
/** @typedef {import("../web/types.js").Trace} Trace */
/** @typedef {unknown[]} Row */
/** @typedef {{ columns: string[], rows: Row[] }} Table */

/** @param {Figure} figure @returns {Table} */
export function rowsOf({ data, layout }) {
  const rows = data.flatMap((trace) => (isMatrix(trace.z) ? cellsOf(trace) : pointsOf(trace)));
  const single = !Object.keys(layout).some((key) => /^[xy]axis\d/.test(key));
  /** @param {"xaxis" | "yaxis"} axis @returns {string} */
  const titled = (axis) => (single && layout.meta?.[axis]) || axis[0];
  const wide = rows.some((row) => row.length > 3);
  return { columns: [titled("xaxis"), titled("yaxis"), ...(wide ? ["z"] : [])], rows };
}

/** @param {Trace} trace */
const nameOf = (trace) => trace.name ?? trace.type;

/** @param {Trace} trace @returns {Row[]} */
function cellsOf(trace) {
  const values = isMatrix(trace.customdata) ? trace.customdata : trace.z;
  return [...values].flatMap((row, i) =>
    Array.from(row, (value, j) => [nameOf(trace), at(trace.x, j), at(trace.y, i), value])
  );
}

/** @param {Trace} trace @returns {Row[]} */
function pointsOf(trace) {
  const { x, y, z } = trace;
  const length = Math.max(x?.length ?? 0, y?.length ?? 0, z?.length ?? 0);
  return Array.from({ length }, (_none, k) => {
    const row = [nameOf(trace), at(x, k), at(y, k)];
    return z ? [...row, z[k]] : row;
  });
}

/** @param {Table} table @param {string} series What the first column is called. */
export function csvOf({ columns, rows }, series) {
  const lines = [[series, ...columns], ...rows];
  return lines.map((line) => `${line.map(quoted).join(",")}\n`).join("");
}

/** @param {unknown} value */
export function shown(value) {
  if (typeof value !== "number") return String(value ?? "");
  return Number.isFinite(value) ? String(Number(value.toPrecision(8))) : String(value);
}

// With these a spreadsheet takes a cell for a formula, and computes it; what is a number may.
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?inf(inity)?$/i;

/** @param {unknown} value */
function quoted(value) {
  const said = shown(value);
  const text = FORMULA.test(said) && !NUMBER.test(said) ? `'${said}` : said;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {any} values */
function isMatrix(values) {
  return values?.length > 0 && typeof values[0] === "object" && values[0] !== null;
}

/** @param {ArrayLike<unknown> | undefined} values @param {number} index */
function at(values, index) {
  return values ? values[index] : index;
}
