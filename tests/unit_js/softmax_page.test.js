// @ts-check
// What the figure of /softmax says of a thousand states, held to mpmath; and the squares of its J.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { scientificOf } from "../../pages/lab/drag/numbers.js";
import { logOfGain, scores, softmax, softmaxJacobian } from "../../pages/lab/drag/softmax.js";
import { answerOf } from "../../pages/lab/softmax/answer.js";
import { squaresOf } from "../../pages/lab/softmax/jacobian.js";
import { fixture, near } from "./support.js";

const SMALLEST = Math.log10(5e-324);

/** The logarithm of a number as the answer writes it, and how far it may be rounded. @param {string} text */
function read(text) {
  const [mantissa, power] = text.split("·10");
  if (power === undefined) return { log10: Math.log10(Number(text)), within: 0.5e-3 / (Number(text) - 0.5e-3) };
  const digits = [...power].map((digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit) - 1);
  const exponent = -Number(digits.slice(1).join(""));
  assert.equal(digits[0], -1, text);
  return { log10: exponent + Math.log10(Number(mantissa)), within: 0.05 };
}

describe("the answer of /softmax", () => {
  const states = fixture("paces");

  it("is asked of a thousand states", () => assert.equal(states.length, 1000));

  it("knows what the held class gains, also below the floats", () => {
    for (const { logits, temperature, held, gained } of states) {
      const found = logOfGain(scores(logits, temperature), held) / Math.LN10;
      near(found, gained, { rel: 1e-13, abs: 1e-13 }, `${logits} / ${temperature}`);
    }
  });

  it("says who gains and who loses, and by how much, in every state", () => {
    const said = new Set();
    for (const { logits, temperature, held, gained, lost } of states) {
      const { name, values } = answerOf(scores(logits, temperature), temperature, held);
      const where = `${values.gain} at ${logits} / ${temperature}, ${held}`;
      said.add(name);
      // The others lose together what one gains: one number stands for both.
      near(lost, gained, { rel: 1e-15, abs: 1e-15 }, where);
      const { log10, within } = read(values.gain);
      assert.ok(Math.abs(10 ** (log10 - gained) - 1) <= within + 1e-9, where);
      assert.equal(name === "answerNothing", gained < SMALLEST, where);
      assert.equal(name === "answerTwo", gained >= SMALLEST && logits.length === 2, where);
      assert.equal(Number(values.count), logits.length - 1);
      assert.equal(values.a.endsWith("/T"), temperature !== 1);
      const index = [...String(held + 1)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");
      assert.deepEqual([values.a.replace("/T", ""), values.p], [`a${index}`, `p${index}`]);
    }
    assert.deepEqual([...said].sort(), ["answerMany", "answerNothing", "answerTwo"]);
  });

  it("writes what no float holds, and carries where ten tenths make one", () => {
    assert.deepEqual([-348.43, -3.3, -3.0001].map(scientificOf), ["3.7·10⁻³⁴⁹", "5.0·10⁻⁴", "1.0·10⁻³"]);
  });
});

describe("the squares of J", () => {
  const cell = { width: 50, height: 70, below: 16 };

  /** @param {string} path */
  const squares = (path) => [...path.matchAll(/M(\S+) (\S+)h(\S+)v/g)].map((match) => match.slice(1).map(Number));

  it("have the size of the entry for their area, each in the middle of its cell", () => {
    const jacobian = softmaxJacobian(softmax([2, 1, 0.5]));
    const { gains, loses } = squaresOf(jacobian, cell);
    assert.equal(squares(gains).length, 3);
    assert.equal(squares(loses).length, 6);
    squares(gains).forEach(([left, top, side], i) => {
      near(side ** 2 / 46 ** 2, 4 * jacobian[i][i], { abs: 5e-3 }, `J ${i}`);
      near([left + side / 2, top + side / 2], [50 * i + 25, 70 * i + 27], { abs: 0.11 });
    });
  });

  it("fill the cell at 1/4, and are left out at 0", () => {
    const { gains, loses } = squaresOf(softmaxJacobian([0.5, 0.5, 0]), cell);
    assert.deepEqual(squares(gains).map(([, , side]) => side), [46, 46]);
    assert.equal(squares(loses).length, 2);
  });
});
