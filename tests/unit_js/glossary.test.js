// @ts-check
// Which symbols a formula and a sentence have.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { quantityAt, symbolAt, symbolsOf } from "../../pages/lab/web/symbols.js";

const GLOSSARY = Object.fromEntries(["a", "p", "q", "J", "H(p)", "L1", "L2", "ε", "μ", "ν", "P", "C", "T"].map((s) => [s, s]));

describe("glossary", () => {
  for (const [tex, symbols] of /** @type {[string, string[]][]} */ ([
    [String.raw`L_1 = -\sum_i q_i \log p_i`, ["L1", "q", "p"]],
    [String.raw`L_1 - L_2 = H(p)`, ["L1", "L2", "H(p)"]],
    [String.raw`J = \frac{\partial p}{\partial (a/T)} = \mathrm{diag}(p) - p\,p^{\mathsf T}`, ["J", "p", "a", "T"]],
    [String.raw`P_{ij} = \mu_i\, \nu_j\, e^{(f_i + g_j - C_{ij})/\varepsilon}`, ["P", "μ", "ν", "C", "ε"]],
    [String.raw`0 \cdot (-\infty) = \mathrm{NaN}`, []],
  ])) {
    it(`finds those of ${tex}`, () => assert.deepEqual(symbolsOf(tex, GLOSSARY), symbols));
  }

  it("finds the symbol of a sentence under the pointer, and no word that is spelled like one", () => {
    const text = "A class: L1 = L2 + H(p), so p stops.";
    assert.equal(symbolAt(text, text.indexOf("L1") + 1), "L1");
    assert.equal(symbolAt(text, text.indexOf("H(p)") + 2), "H(p)");
    assert.equal(symbolAt(text, text.indexOf("p stops")), "p");
    assert.equal(symbolAt(text, text.indexOf("stops") + 4), undefined);
    assert.equal(symbolAt(text, 0), undefined);
  });

  for (const [letters, quantities] of /** @type {[[string, string][], (string | undefined)[]][]} */ ([
    [[["L", "1"], ["−", ""], ["L", "2"], ["=", ""], ["H", ""], ["(", ""], ["p", ""], [")", ""]], ["l1", undefined, "l2", undefined, "entropy"]],
    [[["p", "i"], ["q", ""], ["P", "ij"], ["μ", "i"], ["ν", "j"], ["a", "i"], ["L", ""], ["log", ""]], ["p", "q", "q", "rows", "columns"]],
    [[["H", ""], ["(", ""], ["P", ""], [")", ""]], [undefined, undefined, "q"]],
  ])) {
    it(`tells of which quantity ${letters.map(([text, script]) => text + script).join(" ")} are`, () => {
      const read = letters.map(([text, script]) => ({ text, script }));
      assert.deepEqual(quantities.map((_name, at) => quantityAt(read, at)?.name), quantities);
    });
  }
});
