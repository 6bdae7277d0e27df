// @ts-check
// One component for all parts of live figures; the first word of the data says which part it is.

import { FigureGrid } from "./figure_grid.js";
import { TimelineBar } from "./timeline.js";
import { unpack } from "./unpack.js";

/** @typedef {import("./groups.js").Mounted} Mounted */
/**
 * @typedef {object} Part
 * @property {(head: any, component: Mounted) => unknown} update
 * @property {(component: Mounted) => void} [refresh] when a run has changed nothing
 * @property {() => void} remove
 *
 * @typedef {{ turn: number, part?: Part, data?: Uint8Array }} Place
 */

/** @type {Record<string, new (root: HTMLElement) => Part>} */
const PARTS = { timeline: TimelineBar, grid: FigureGrid };
/** @type {WeakMap<HTMLElement, Place>} */
const mounted = new WeakMap();

/** @param {import("../web/types.js").Component<Uint8Array<ArrayBuffer>>} component */
export default function showLive({ data, parentElement, setTriggerValue }) {
  const place = mounted.get(parentElement) ?? { turn: 0 };
  mounted.set(parentElement, place);
  /** @param {unknown} error */
  const fail = (error) => {
    console.warn("The live figures cannot be drawn:", error);
    setTriggerValue("failed", true);
  };
  update(place, data, parentElement, { setTriggerValue, fail }).catch((error) => {
    if (parentElement.isConnected) fail(error);
  });
  return () => {
    // The clean-up is also called between two runs, while the node stays.
    if (parentElement.isConnected) return;
    place.turn += 1;
    mounted.delete(parentElement);
    place.part?.remove();
  };
}

/**
 * @param {Place} place
 * @param {Uint8Array<ArrayBuffer>} data
 * @param {HTMLElement} parentElement
 * @param {Mounted} component
 */
async function update(place, data, parentElement, component) {
  if (place.part && place.data && equal(place.data, data)) {
    place.part.refresh?.(component);
    return;
  }
  place.data = data;
  const turn = (place.turn += 1);
  const head = await unpack(data);
  // While it was unpacked, newer data may have come, or the page may have gone.
  if (turn !== place.turn || !parentElement.isConnected) return;
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".lab-live"));
  place.part ??= new PARTS[head.part](root);
  await place.part.update(head, component);
}

/** @param {Uint8Array} one @param {Uint8Array} other */
function equal(one, other) {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
