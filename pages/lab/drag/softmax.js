// @ts-check
// The numbers that follow while a logit is dragged, in float64, as `ce_core` computes them. Plain
// functions of arrays: no page, no state. The tests hold them to `ce_core` to 1e-14.

/**
 * a / T, to which all that follows belongs.
 *
 * @param {number[]} logits
 * @param {number} temperature
 */
export function scores(logits, temperature) {
  return logits.map((logit) => logit / temperature);
}

/** @param {number[]} values */
function winnerOf(values) {
  let winner = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i] > values[winner]) winner = i;
  return winner;
}

/**
 * The maximum is subtracted first, so that no exponential overflows.
 *
 * @param {number[]} a
 */
export function softmax(a) {
  const largest = a[winnerOf(a)];
  const powers = a.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/**
 * As in a textbook, and NaN where an exponential overflows or all of them underflow.
 *
 * @param {number[]} a
 */
export function naiveSoftmax(a) {
  const powers = a.map((value) => Math.exp(value));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/**
 * L1 = -log p_target, from logits: the logarithm of a probability near 1 keeps its digits.
 *
 * @param {number[]} a
 * @param {number} target
 */
export function crossEntropy(a, target) {
  const winner = winnerOf(a);
  let others = 0;
  a.forEach((value, i) => {
    if (i !== winner) others += Math.exp(value - a[winner]);
  });
  return Math.log1p(others) - (a[target] - a[winner]);
}

/**
 * dL1/da = p - q for a one-hot target.
 *
 * @param {number[]} p
 * @param {number} target
 */
export function crossEntropyGradient(p, target) {
  return p.map((value, i) => (i === target ? value - 1 : value));
}

/**
 * J = diag(p) - p pT, row by row. The diagonal is minus the rest of its row, which keeps the digits
 * of p (1 - p) where p rounds to 1.
 *
 * @param {number[]} p
 */
export function softmaxJacobian(p) {
  return p.map((row, i) => {
    const entries = p.map((column) => -row * column);
    entries[i] = 0;
    entries[i] = -entries.reduce((sum, entry) => sum + entry, 0);
    return entries;
  });
}

/** log Σ e^a, whatever the size of a. @param {number[]} a */
function logOfSum(a) {
  const largest = Math.max(...a);
  return largest + Math.log(a.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/**
 * log p_i (1 - p_i), also where no float is as small as that: by so much p_i gains as a_i rises.
 *
 * @param {number[]} a
 * @param {number} i
 */
export function logOfGain(a, i) {
  const largest = a[winnerOf(a)];
  const shifted = a.map((value) => value - largest);
  const others = shifted.filter((_value, j) => j !== i);
  return shifted[i] + logOfSum(others) - 2 * logOfSum(shifted);
}
