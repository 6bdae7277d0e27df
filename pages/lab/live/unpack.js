// @ts-check
// Reads what `pages/lab/live/packing.py` writes: JSON in which {"$": k} stands for the k-th array,
// then the arrays as they lie in memory.

/** @typedef {import("../web/types.js").Tree} Tree */
/** @typedef {import("../web/types.js").TypedArray} TypedArray */

const KINDS = {
  f4: Float32Array, f8: Float64Array,
  u1: Uint8Array, u2: Uint16Array, u4: Uint32Array,
  i1: Int8Array, i2: Int16Array, i4: Int32Array,
};

/**
 * @typedef {[kind: keyof typeof KINDS, offset: number, shape: number[]]} Described
 */

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Tree>}
 */
export async function unpack(bytes) {
  const deflated = bytes[3] === 0x5a; // "LABZ", not "LABJ"
  const body = deflated ? await inflate(bytes.subarray(4)) : bytes.slice(4).buffer;
  const length = new DataView(body).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length)));
  const start = Math.ceil((4 + length) / 8) * 8;
  const arrays = head.arrays.map((/** @type {Described} */ [kind, offset, shape]) =>
    view(body, kind, start + offset, shape)
  );
  return revive(head.tree, arrays);
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<ArrayBuffer>} */
function inflate(bytes) {
  const { readable, writable } = new DecompressionStream("deflate");
  // Not by a Blob, which the browser makes in another process.
  const writer = writable.getWriter();
  const written = Promise.all([writer.write(bytes), writer.close()]);
  return Promise.all([new Response(readable).arrayBuffer(), written]).then(([body]) => body);
}

/**
 * A matrix becomes the array of its rows, which is how Plotly takes it.
 *
 * @param {ArrayBuffer} body
 * @param {keyof typeof KINDS} kind
 * @param {number} offset
 * @param {number[]} shape
 */
function view(body, kind, offset, shape) {
  const size = shape.reduce((product, length) => product * length, 1);
  const flat = new KINDS[kind](body, offset, size);
  return shape.length < 2 ? flat : rows(flat, shape);
}

/**
 * @param {TypedArray} flat
 * @param {number[]} shape
 * @returns {Tree[]}
 */
function rows(flat, [count, ...rest]) {
  const step = flat.length / (count || 1);
  return Array.from({ length: count }, (_, row) => {
    const part = flat.subarray(row * step, (row + 1) * step);
    return rest.length < 2 ? part : rows(part, rest);
  });
}

/** @param {Tree} tree @param {Tree[]} arrays @returns {Tree} */
function revive(tree, arrays) {
  if (Array.isArray(tree)) return tree.map((child) => revive(child, arrays));
  if (tree === null || typeof tree !== "object") return tree;
  if ("$" in tree) return arrays[tree.$];
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, revive(child, arrays)]));
}
