// @ts-check
// Of a map of cells, ε by iterations: which meet a need, where the border of those lies, where a hand is.

/** @typedef {[column: number, row: number]} Cell counted from the lower left */

/**
 * The border between the cells of which something holds and the others, as a path: a cell is 1 wide
 * and 1 high, and row 0 lies at the foot of a map so many rows high.
 *
 * @param {number} columns
 * @param {number} rows
 * @param {(column: number, row: number) => boolean} holds
 */
export function borderOf(columns, rows, holds) {
  const parts = [];
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      const here = holds(column, row);
      if (column + 1 < columns && holds(column + 1, row) !== here) parts.push(`M${column + 1} ${rows - row}v-1`);
      if (row + 1 < rows && holds(column, row + 1) !== here) parts.push(`M${column} ${rows - row - 1}h1`);
    }
  }
  return parts.join("");
}

/**
 * The cells of which something holds, as a path that fills them.
 *
 * @param {number} columns
 * @param {number} rows
 * @param {(column: number, row: number) => boolean} holds
 */
export function areaOf(columns, rows, holds) {
  const parts = [];
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      if (holds(column, row)) parts.push(`M${column} ${rows - row}v-1h1v1z`);
    }
  }
  return parts.join("");
}

/**
 * The cell under a pointer; at the rim the nearest.
 *
 * @param {{ clientX: number, clientY: number }} event
 * @param {{ left: number, top: number, width: number, height: number }} box
 * @param {number} columns
 * @param {number} rows
 * @returns {Cell}
 */
export function cellAt(event, box, columns, rows) {
  const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
  const row = Math.floor((1 - (event.clientY - box.top) / box.height) * rows);
  return [clamp(column, columns), clamp(row, rows)];
}

/**
 * Where a key leads from a cell; undefined if it is no key for that.
 *
 * @param {string} key
 * @param {Cell} cell
 * @param {number} columns
 * @param {number} rows
 * @returns {Cell | undefined}
 */
export function steppedCell(key, [column, row], columns, rows) {
  /** @type {Record<string, Cell>} */
  const places = {
    ArrowLeft: [column - 1, row], ArrowRight: [column + 1, row], ArrowDown: [column, row - 1],
    ArrowUp: [column, row + 1], Home: [0, row], End: [columns - 1, row],
  };
  const place = places[key];
  return place && [clamp(place[0], columns), clamp(place[1], rows)];
}

/**
 * How strong a share is drawn, from 0 to 100: by its root, full from a fifth on.
 *
 * @param {number} share
 */
export const strengthOf = (share) => Math.round(100 * Math.sqrt(Math.min(1, Math.max(0, share) / 0.2)));

/**
 * The boxes of each shade of a picture that is spelled by a digit a cell, row by row.
 *
 * @param {string} digits
 * @param {number} columns
 * @returns {[shade: string, path: string][]}
 */
export function shadesOf(digits, columns) {
  /** @type {Map<string, string[]>} */
  const boxes = new Map();
  for (let at = 0; at < digits.length; ) {
    const shade = digits[at];
    const [x, y] = [at % columns, Math.floor(at / columns)];
    let end = at + 1;
    while (end < digits.length && end % columns && digits[end] === shade) end++;
    if (shade !== "0") boxes.set(shade, [...(boxes.get(shade) ?? []), `M${x} ${y}h${end - at}v1h${at - end}z`]);
    at = end;
  }
  return [...boxes].sort().map(([shade, parts]) => [shade, parts.join("")]);
}

/** @param {number} place @param {number} count */
const clamp = (place, count) => Math.min(count - 1, Math.max(0, place));
