// @ts-check
// An animation is what its frames share (`base`) and what moves, as `pages/lab/live/packing.py` split it.

/** @typedef {import("../web/types.js").Animation} Animation */
/** @typedef {import("../web/types.js").Figure} Figure */
/** @typedef {import("../web/types.js").Tree} Tree */

/**
 * The figure of one frame. Its containers are new, since Plotly writes into them; its arrays are not.
 *
 * @param {Animation} animation
 * @param {number} index
 * @returns {Figure}
 */
export function frameOf({ base, moves }, index) {
  const figure = copy(base);
  for (const [path, values] of moves) {
    let place = figure;
    for (const name of path.slice(0, -1)) place = place[name];
    const last = path[path.length - 1];
    if (values[index].length) place[last] = copy(values[index][0]);
    else delete place[last];
  }
  return figure;
}

/**
 * Whether two frames are the same picture.
 *
 * @param {Animation} animation
 * @param {number} one
 * @param {number} other
 */
export function still({ moves }, one, other) {
  return moves.every(([, values]) => equal(values[one], values[other]));
}

/** @param {Tree} tree @returns {Tree} */
function copy(tree) {
  if (tree === null || typeof tree !== "object" || isData(tree)) return tree;
  if (Array.isArray(tree)) return tree.map(copy);
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, copy(child)]));
}

/** @param {Tree} tree */
export function isData(tree) {
  return ArrayBuffer.isView(tree) || (Array.isArray(tree) && ArrayBuffer.isView(tree[0]));
}

/**
 * The names of what two objects do not have in common.
 *
 * @param {Record<string, Tree>} one
 * @param {Record<string, Tree>} other
 */
export function differences(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => !equal(one[name], other[name]));
}

/** @param {Tree} tree */
const isBranch = (tree) => Boolean(tree) && typeof tree === "object";

/** @param {Tree} tree @returns {boolean} */
const isList = (tree) => Array.isArray(tree) || ArrayBuffer.isView(tree);

/** @param {Tree} one @param {Tree} other @returns {boolean} NaN equals itself. */
export function equal(one, other) {
  if (Object.is(one, other) || one === other) return true;
  if (!isBranch(one) || !isBranch(other) || isList(one) !== isList(other)) return false;
  if (!isList(one)) return differences(one, other).length === 0;
  return one.length === other.length && alike(one, other);
}

/** @param {ArrayLike<Tree>} one @param {ArrayLike<Tree>} other */
function alike(one, other) {
  for (let index = 0; index < one.length; index += 1) if (!equal(one[index], other[index])) return false;
  return true;
}
