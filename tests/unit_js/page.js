// @ts-check
// As much of a page as the parts of live figures need, without a browser.

class Fake {
  /** @param {string} [text] */
  constructor(text = "") {
    this.text = text;
    /** @type {Fake[]} */
    this.children = [];
    /** @type {Fake | null} */
    this.parent = null;
    /** @type {Record<string, string>} */
    this.dataset = {};
    /** @type {Record<string, string>} */
    this.style = {};
    /** @type {Map<string, string>} */
    this.attributes = new Map();
    /** @type {Map<string, ((event: any) => void)[]>} */
    this.listeners = new Map();
    this.hidden = false;
    this.value = "";
    this.isConnected = true;
    this.hovered = false;
  }

  get firstChild() {
    return this.children[0];
  }

  get lastChild() {
    return this.children.at(-1);
  }

  /** @returns {string} */
  get textContent() {
    return this.text + this.children.map((child) => child.textContent).join("");
  }

  set textContent(text) {
    this.text = text;
    this.children = [];
  }

  /** @param {...(Fake | string)} nodes */
  append(...nodes) {
    for (const node of nodes) {
      if (node === "") continue;
      const child = typeof node === "string" ? new Fake(node) : node;
      child.parent = this;
      this.children.push(child);
    }
  }

  /** @param {...Fake} nodes */
  replaceChildren(...nodes) {
    this.children = [];
    this.append(...nodes);
  }

  /** @param {Fake} node */
  replaceWith(node) {
    const among = this.parent?.children ?? [];
    among.splice(among.indexOf(this), 1, node);
    node.parent = this.parent;
  }

  remove() {
    const among = this.parent?.children ?? [];
    among.splice(among.indexOf(this), 1);
  }

  /** @param {string} name @param {string} text */
  setAttribute(name, text) {
    this.attributes.set(name, text);
  }

  /** @param {string} name */
  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  /** @param {string} name @param {(event: any) => void} act */
  addEventListener(name, act) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), act]);
  }

  removeEventListener() {}

  matches() {
    return this.hovered;
  }

  /** @param {string} name @param {object} [event] */
  happen(name, event = {}) {
    for (const act of this.listeners.get(name) ?? []) act(event);
  }
}

/** A page where there is none; returns a node to mount a part in. */
export function fakePage() {
  const document = {
    baseURI: "http://lab.test/",
    createElement: () => new Fake(),
    createElementNS: () => new Fake(),
    querySelector: () => null,
  };
  Object.assign(globalThis, { document, window: new Fake(), requestAnimationFrame: () => 0 });
  return new Fake();
}
