// @ts-check
// How numbers are written on what is moved by hand.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const PLAIN = { digits: 3, finer: false, nothing: 0, most: Infinity };
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";

/** @param {string} digits @param {number} number */
const spelled = (digits, number) => [...String(number)].map((digit) => digits[Number(digit)]).join("");

/**
 * The index of a class as people write it, from 1.
 *
 * @param {number} i
 */
export function lowered(i) {
  return spelled(SUBSCRIPTS, i + 1);
}

/** @param {number} power */
const raised = (power) => `10${power < 0 ? "⁻" : ""}${spelled(SUPERSCRIPTS, Math.abs(power))}`;

/**
 * Two digits and a power of ten.
 *
 * @param {number} value
 */
export function scientific(value) {
  const [mantissa, exponent] = value.toExponential(1).split("e");
  return `${mantissa}·${raised(Number(exponent))}`.replace("-", "−");
}

/**
 * The same of a positive number that may be too small for a float, by its logarithm.
 *
 * @param {number} log10
 */
export function scientificOf(log10) {
  const power = Math.floor(log10);
  const mantissa = (10 ** (log10 - power)).toFixed(1);
  return mantissa === "10.0" ? `1.0·${raised(power + 1)}` : `${mantissa}·${raised(power)}`;
}

/** @param {number} value */
export function shortest(value) {
  return String(Number(value.toFixed(4)) || 0).replace("-", "−");
}

/** A number with the sign of its direction. @param {number} value @param {string} text how it is written */
export const signed = (value, text) => (value > 0 ? "+" : "") + text;

/** @param {number} value */
function unending(value) {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "∞" : "−∞";
}

/**
 * So many digits behind the point, one more below 0.1 if `finer`, a power of ten where they would
 * say nothing; what is nearer to 0 than `nothing` is rounding.
 *
 * @param {number} value
 * @param {{ digits?: number, finer?: boolean, nothing?: number, most?: number }} [options]
 */
export function readable(value, options = {}) {
  const { digits, finer, nothing, most } = { ...PLAIN, ...options };
  if (!Number.isFinite(value)) return unending(value);
  const size = Math.abs(value);
  if (size === 0 || size < nothing) return "0";
  if (size < 10 ** -digits || size >= most) return scientific(value);
  return value.toFixed(digits + (finer && size < 0.1 ? 1 : 0)).replace("-", "−");
}
