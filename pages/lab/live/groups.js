// Parts that belong together, though Streamlit mounts each on its own: a bar that says where, the
// boards that show it, and the film they show it from.

const groups = new Map();

export function groupOf(name) {
  if (!groups.has(name)) groups.set(name, { bar: null, boards: new Set(), film: null });
  return groups.get(name);
}

// The film, where it is of this state; a newer state may be here before its film.
export function filmOf(group, token) {
  return token && group.film?.token === token ? group.film : null;
}
