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

/** @param {Box} a @param {Box} b */
export function meet(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** @param {Box} box @param {Box} frame */
const within = (box, frame) =>
  box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;

/**
 * Put one label after the other where nothing is; one that has no free spot is left out. Where they
 * stand follows from what is drawn alone, not from where they stood.
 *
 * @param {Label[]} labels
 * @param {Box[]} obstacles
 * @param {Box} frame in which they stay
 * @returns {Map<string, number>} the number of the spot that each has
 */
export function placeLabels(labels, obstacles, frame) {
  const taken = [...obstacles];
  /** @type {Map<string, number>} */
  const places = new Map();
  for (const label of labels) {
    if (label.unless && places.has(label.unless)) continue;
    const boxes = label.spots.map((spot) => boxAt(label, spot));
    const place = boxes.findIndex((box) => within(box, frame) && !taken.some((other) => meet(box, other)));
    if (place < 0) continue;
    places.set(label.name, place);
    taken.push(boxes[place]);
  }
  return places;
}
