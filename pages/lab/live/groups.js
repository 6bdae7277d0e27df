// Parts that belong together, though Streamlit mounts each on its own: a bar that says where, the
// grids that show it, and the animation they show it from.

const groups = new Map();

export function groupOf(name) {
  if (!groups.has(name)) groups.set(name, { timeline: null, grids: new Set(), animation: null });
  return groups.get(name);
}

// The animation, where it is of this state; a newer state may be here before its animation.
export function animationOf(group, token) {
  return token && group.animation?.token === token ? group.animation : null;
}
