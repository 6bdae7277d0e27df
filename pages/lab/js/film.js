// A film is what its frames share (`base`) and what moves, as `ce_core.figures.packing.film` split it.

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
  return moves.every(([, values]) => same(values[one], values[other]));
}

function copy(tree) {
  if (tree === null || typeof tree !== "object" || isData(tree)) return tree;
  if (Array.isArray(tree)) return tree.map(copy);
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, copy(child)]));
}

export function isData(tree) {
  return ArrayBuffer.isView(tree) || (Array.isArray(tree) && ArrayBuffer.isView(tree[0]));
}

function same(one, other) {
  if (one === other) return true;
  if (!one || !other || typeof one !== "object" || isData(one) || isData(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]));
}
