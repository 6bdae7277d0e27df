// @ts-check
// Small helpers that build nodes; no text ever becomes markup.

/** @typedef {Record<string, string | number | boolean | null | undefined>} Attributes */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes] `true` stands for an attribute without a value, `false` for none.
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function makeSvg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * A new node at the end of another.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Element} parent
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {string} [text]
 */
export function element(parent, tag, attributes = {}, text = "") {
  const node = make(tag, attributes, text);
  parent.append(node);
  return node;
}

/** @param {Node} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Change the one text of a node in place: a new text node would have the page styled anew.
 *
 * @param {Element} node
 * @param {string} text
 */
export function write(node, text) {
  const first = node.firstChild;
  if (!(first instanceof Text)) node.append(text);
  else if (first.data !== text) first.data = text;
}

/** @param {Element} node @param {Record<string, string | number>} attributes */
export function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
}

/**
 * A sentence with {names} in it, and the values to put there.
 *
 * @param {string} template
 * @param {Record<string, string | number>} values
 */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_whole, name) => String(values[name]));
}

/**
 * **bold** and `code`, as in the captions; the rest is text.
 *
 * @param {HTMLElement} node
 * @param {string} text
 */
export function setRich(node, text) {
  if (node.dataset.text === text) return;
  node.dataset.text = text;
  const parts = text.split(/(\*\*[^*]+\*\*|`[^`]+`)/);
  node.replaceChildren(
    ...parts.map((part) => {
      if (part.startsWith("**") && part.length > 4) return make("strong", {}, part.slice(2, -2));
      if (part.startsWith("`") && part.length > 2) return make("code", {}, part.slice(1, -1));
      return part;
    })
  );
}

const SHAPES = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zm8 0h4v14h-4z",
  back: "M6 6h2v12H6zm3.5 6 8.5 6V6z",
  forward: "M16 6h2v12h-2zM6 18l8.5-6L6 6z",
  loop: "M12 4V1L8 5l4 4V6c3.3 0 6 2.7 6 6 0 1-.25 1.97-.7 2.8l1.46 1.46A8 8 0 0 0 12 4zm0 14c-3.3 0-6-2.7-6-6 0-1 .25-1.97.7-2.8L5.24 7.74A8 8 0 0 0 12 20v3l4-4-4-4z",
  more: "M6 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm6 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm6 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  zoom: "M10 2a8 8 0 1 0 4.9 14.3l5.4 5.4 1.4-1.4-5.4-5.4A8 8 0 0 0 10 2zm0 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12zm-1 2v3H6v2h3v3h2v-3h3V9h-3V6z",
  turn: "M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z",
  reset: "M12 3 2 12h3v8h6v-6h2v6h6v-8h3z",
  save: "M9 4 7.5 6H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-3.5L15 4zm3 4.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zm0 2a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
};

/** @param {keyof typeof SHAPES} name */
export function icon(name) {
  const shape = makeSvg("path", { d: SHAPES[name] });
  return makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, shape);
}
