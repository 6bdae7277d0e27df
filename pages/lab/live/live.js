// One component for all parts of live figures; the first word of the data says which part it is.

import { TimelineBar } from "./timeline.js";
import { FigureGrid } from "./figure_grid.js";
import { FrameStore } from "./frame_store.js";
import { unpack } from "./unpack.js";

const PARTS = { timeline: TimelineBar, grid: FigureGrid, frames: FrameStore };
const mounted = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const place = mounted.get(parentElement) ?? { turn: 0 };
  mounted.set(parentElement, place);
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
    place.part?.remove();
    mounted.delete(parentElement);
  };
}

async function update(place, data, parentElement, component) {
  if (place.part && equal(place.data, data)) return place.part.refresh?.(component);
  place.data = data;
  const turn = (place.turn += 1);
  const head = await unpack(data);
  // While it was unpacked, newer data may have come, or the page may have gone.
  if (turn !== place.turn || !parentElement.isConnected) return undefined;
  place.part ??= new PARTS[head.part](parentElement.querySelector(".lab-live"));
  return place.part.update(head, component);
}

function equal(one, other) {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
