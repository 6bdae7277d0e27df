// @ts-check
// Paths of what is drawn, as an SVG writes them.

/** @typedef {[x: number, y: number]} Point */

/** @param {Point[]} points */
export const pathOf = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;

/** @param {Point} point @param {number} r */
export const diamondAt = ([x, y], r) => `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`;
