// @ts-check
// Where a handle on the curve stands and goes: no page, no state.

/** @typedef {{ uid: string, x: ArrayLike<number>, y: ArrayLike<number | null> }} Line */

/**
 * The place in an ascending list of what is nearest to a number.
 *
 * @param {number[]} values
 * @param {number} wanted
 */
export function nearest(values, wanted) {
  let place = 0;
  values.forEach((value, i) => {
    if (Math.abs(value - wanted) < Math.abs(values[place] - wanted)) place = i;
  });
  return place;
}

/**
 * Where a key moves a place in a list; undefined if it is no key for that.
 *
 * @param {string} key
 * @param {number} place
 * @param {number} last
 */
export function stepped(key, place, last) {
  /** @type {Record<string, number>} */
  const moves = {
    ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -Infinity, End: Infinity,
  };
  return key in moves ? Math.min(last, Math.max(0, place + moves[key])) : undefined;
}

/**
 * The present iteration as it is drawn or, where `count` says another, its place on the curve: at the
 * nearest of its points that is more than 0.
 *
 * @param {Line[]} lines
 * @param {string} curve
 * @param {number} [count]
 */
export function placeOn(lines, curve, count) {
  const now = lines.find(({ uid }) => uid === "now");
  const line = lines.find(({ uid }) => uid === curve);
  const here = { x: now?.x[0] ?? NaN, y: now?.y[0] ?? NaN };
  if (count === undefined || !line) return here;
  const places = Array.from(line.x, (_x, i) => i).filter((i) => Number(line.y[i]) > 0);
  if (!places.length) return { x: count, y: here.y };
  const place = places[nearest(places.map((i) => line.x[i]), count)];
  return { x: Math.min(count, line.x[line.x.length - 1]), y: Number(line.y[place]) };
}
