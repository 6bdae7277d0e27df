// What the scripts know of Plotly, of Streamlit and of what the server packs. Only what is used is
// named here; names that begin with _ are Plotly's own and are watched by tests in a browser.

/** Anything that JSON holds, and typed arrays. */
export type Tree = any;

export type Values = ArrayLike<number | null>;

export type TypedArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array;

export interface Trace {
  type?: string;
  name?: string;
  x?: any;
  y?: any;
  z?: any;
  customdata?: any;
  [name: string]: any;
}

export interface Layout {
  width?: number;
  height?: number;
  uirevision?: unknown;
  [name: string]: any;
}

export interface Figure {
  data: Trace[];
  layout: Layout;
}

/** What frames share, and at which path each has which value; `[value]` is a value, `[]` none. */
export interface Animation {
  base: Figure;
  moves: [path: (string | number)[], values: Tree[][]][];
}

/** An axis as Plotly keeps it, with what turns data into pixels. */
export interface Axis {
  _id: string;
  _name: string;
  _length: number;
  _offset: number;
  _minDtick: number;
  type: string;
  range: [number, number];
  autorange: boolean;
  tickmode: string;
  nticks: number;
  minexponent: number;
  exponentformat: string;
  tickfont: { size: number };
  ticks: string;
  showticklabels: boolean;
  showgrid: boolean;
  zeroline: boolean;
  setScale(): void;
  c2p(value: number): number;
  d2c(value: unknown): number;
  l2p(value: number): number;
  [name: string]: any;
}

/** The node in which Plotly has drawn. */
export interface Plot extends HTMLElement {
  data: Trace[];
  layout: Layout;
  calcdata: any[][];
  _fullData: any[];
  _fullLayout?: any;
  on(name: string, act: (event: any) => void): void;
}

export interface Plotly {
  react(node: HTMLElement, data: Trace[], layout: Layout, config: object): Promise<unknown>;
  relayout(node: HTMLElement, changes: object): Promise<unknown>;
  purge(node: HTMLElement): void;
  toImage(figure: object, options: object): Promise<string>;
}

/** Colours and type of the page. */
export interface Theme {
  dark: boolean;
  font: string;
}

/** Sentences by the name that a script has for them. */
export type Words = Record<string, string>;

/** What Streamlit hands to the script of a component. */
export interface Component<Data = any> {
  data: Data;
  parentElement: HTMLElement;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

declare global {
  interface Window {
    Plotly?: Plotly;
  }
}
