// Small helpers that build nodes; no text ever becomes markup.

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

export function makeSvg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A sentence with {names} in it, and the values to put there.
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
}

// **bold** and `code`, as in the captions; the rest is text.
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
};

export function icon(name) {
  const shape = makeSvg("path", { d: SHAPES[name] });
  return makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, shape);
}
