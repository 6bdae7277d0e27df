// @ts-check
// Weights as bars to paint, and points to drag on a square with the plan as lines between them.

import { staying } from "../drag/moved.js";
import { Points } from "./points.js";
import { Weights } from "./weights.js";

/** @typedef {import("./weights.js").Data | import("./points.js").Data} Data */

/**
 * @param {HTMLElement} root
 * @param {Data} data
 * @returns {import("../drag/moved.js").Moved<any, any>}
 */
const create = (root, data) => (data.kind === "weights" ? new Weights(root, data) : new Points(root, data));

const show = staying(".lab-point-editor", create);

/** @param {import("../web/types.js").Component<Data>} component */
export default function showPointEditor(component) {
  return show(component, component.setTriggerValue);
}
