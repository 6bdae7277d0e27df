// A animation is what its frames share (`base`) and what moves, as `ce_core.figures.packing.animation` split it.

// The figure of one frame. Its containers are new, since Plotly writes into them; its arrays are not.
export function frameOf({ base, moves }, index) {
  const figure = copy(base);
  for (const [path, values] of moves) {
    let place = figure;
    for (const name of path.slice(0, -1)) place = place[name];
    const last = path.at(-1);
    if (values[index].length) place[last] = copy(values[index][0]);
    else delete place[last];
  }
  return figure;
}

// Whether two frames are the same picture.
export function still({ moves }, one, other) {
  return moves.every(([, values]) => equal(values[one], values[other]));
}

function copy(tree) {
  if (tree === null || typeof tree !== "object" || isData(tree)) return tree;
  if (Array.isArray(tree)) return tree.map(copy);
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, copy(child)]));
}

export function isData(tree) {
  return ArrayBuffer.isView(tree) || (Array.isArray(tree) && ArrayBuffer.isView(tree[0]));
}

// The names of what two objects do not have in common.
export function differences(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => !equal(one[name], other[name]));
}

export function equal(one, other) {
  if (one === other || (one !== one && other !== other)) return true;
  if (!one || !other || typeof one !== "object" || typeof other !== "object") return false;
  if (!Array.isArray(one) && !ArrayBuffer.isView(one)) return differences(one, other).length === 0;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (!equal(one[index], other[index])) return false;
  return true;
}
