// @ts-check
// Where labels stand in a figure whose parts move: each at the first of its spots that is free.

/**
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Box
 * @typedef {{ x: number, y: number, anchor: "start" | "middle" | "end" }} Spot
 *   `y` is that of the middle of the letters.
 * @typedef {object} Label
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {Spot[]} spots the best first
 * @property {string} [unless] the label of which this is the short form
 */

/** A label leaves its spot for a better one only if that has so much more room: it must not flicker. */
const ROOM = 10;

/**
 * @param {Pick<Label, "width" | "height">} label
 * @param {Spot} spot
 * @returns {Box}
 */
export function boxAt({ width, height }, { x, y, anchor }) {
  const left = x - { start: 0, middle: width / 2, end: width }[anchor];
  return { left, right: left + width, top: y - height / 2, bottom: y + height / 2 };
}

/**
 * A box around a point.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} across half of its width
 * @param {number} [down] half of its height
 * @returns {Box}
 */
export function around(x, y, across, down = across) {
  return { left: x - across, right: x + across, top: y - down, bottom: y + down };
}

/** @param {Box} a @param {Box} b @param {number} [room] between the two */
export function meet(a, b, room = 0) {
  return (
    a.left < b.right + room && b.left < a.right + room && a.top < b.bottom + room && b.top < a.bottom + room
  );
}

/** @param {Box} box @param {Box} frame */
const within = (box, frame) =>
  box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;

/**
 * The number of the spot that a label takes, -1 if none is free.
 *
 * @param {Box[]} boxes
 * @param {Box[]} taken
 * @param {Box} frame
 * @param {number} last the spot that it had, -1 for none
 */
function choose(boxes, taken, frame, last) {
  const isFree = /** @param {Box} box @param {number} room */ (box, room) =>
    within(box, frame) && !taken.some((other) => meet(box, other, room));
  if (last < 0 || !isFree(boxes[last], 0)) return boxes.findIndex((box) => isFree(box, 0));
  const better = boxes.slice(0, last).findIndex((box) => isFree(box, ROOM));
  return better < 0 ? last : better;
}

/**
 * Put one label after the other where nothing is; one that has no free spot is left out.
 *
 * @param {Label[]} labels each with as many spots as before
 * @param {Box[]} obstacles
 * @param {Box} frame in which they stay
 * @param {Map<string, number>} [before] the number of the spot that each had
 * @returns {Map<string, number>} the number of the spot that each has
 */
export function placeLabels(labels, obstacles, frame, before = new Map()) {
  const taken = [...obstacles];
  /** @type {Map<string, number>} */
  const places = new Map();
  for (const label of labels) {
    if (label.unless && places.has(label.unless)) continue;
    const boxes = label.spots.map((spot) => boxAt(label, spot));
    const place = choose(boxes, taken, frame, before.get(label.name) ?? -1);
    if (place < 0) continue;
    places.set(label.name, place);
    taken.push(boxes[place]);
  }
  return places;
}
