// The data of a figure as rows, for a table and for CSV: one row a point or a cell.

export function rowsOf({ data, layout }) {
  const rows = [];
  for (const trace of data) {
    const name = trace.name ?? trace.type;
    if (isMatrix(trace.z)) {
      const values = isMatrix(trace.customdata) ? trace.customdata : trace.z;
      values.forEach((row, i) => {
        for (let j = 0; j < row.length; j += 1) rows.push([name, at(trace.x, j), at(trace.y, i), row[j]]);
      });
    } else {
      const length = Math.max(trace.x?.length ?? 0, trace.y?.length ?? 0, trace.z?.length ?? 0);
      for (let k = 0; k < length; k += 1) {
        const row = [name, at(trace.x, k), at(trace.y, k)];
        rows.push(trace.z ? [...row, trace.z[k]] : row);
      }
    }
  }
  const single = !Object.keys(layout).some((key) => /^[xy]axis\d/.test(key));
  const titled = (axis) => (single && layout[axis]?.title?.text) || axis[0];
  const wide = rows.some((row) => row.length > 3);
  return { columns: [titled("xaxis"), titled("yaxis"), ...(wide ? ["z"] : [])], rows };
}

export function csvOf({ columns, rows }, series) {
  const lines = [[series, ...columns], ...rows];
  return lines.map((line) => line.map(quoted).join(",")).join("\n") + "\n";
}

export function shown(value) {
  if (typeof value !== "number") return String(value ?? "");
  return Number.isFinite(value) ? String(Number(value.toPrecision(8))) : String(value);
}

function quoted(value) {
  const text = shown(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isMatrix(values) {
  return values?.length > 0 && typeof values[0] === "object" && values[0] !== null;
}

function at(values, index) {
  return values ? values[index] : index;
}
