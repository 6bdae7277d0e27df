// @ts-check
// What the unit tests share: fixtures, and numbers that are nearly the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/**
 * What `scripts/js_fixtures.py` wrote.
 *
 * @param {string} name
 * @returns {any}
 */
export function fixture(name) {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf-8"));
}

/**
 * Numbers, or lists of them, that differ by no more than a share of the second or by `abs`.
 *
 * @param {any} found
 * @param {any} wanted
 * @param {{ rel?: number, abs?: number }} within
 * @param {string} [where]
 */
export function near(found, wanted, within, where = "") {
  if (typeof wanted !== "number") {
    assert.equal(found.length, wanted.length, where);
    for (let i = 0; i < wanted.length; i += 1) near(found[i], wanted[i], within, `${where}[${i}]`);
    return;
  }
  const { rel = 0, abs = 0 } = within;
  const apart = Math.abs(found - wanted);
  assert.ok(apart <= Math.max(rel * Math.abs(wanted), abs), `${where}: ${found} for ${wanted}`);
}

/**
 * A tree with typed arrays as lists and what is not finite as null, as JSON has it.
 *
 * @param {any} tree
 * @returns {any}
 */
export function plain(tree) {
  if (ArrayBuffer.isView(tree)) return plain([.../** @type {any} */ (tree)]);
  if (Array.isArray(tree)) return tree.map(plain);
  if (typeof tree === "number") return Number.isFinite(tree) ? tree : null;
  if (tree === null || typeof tree !== "object") return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, plain(child)]));
}

/**
 * Numbers from 0 to 1, the same in every run.
 *
 * @param {number} seed
 */
export function drawn(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
