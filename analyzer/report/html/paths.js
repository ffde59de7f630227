/* The diagram of ways: process, interface, server, address. Few enough for SVG, whose parts can be focused and read aloud. */

const PATHS_MOST = 48;
const NODE_HEIGHT = 40;
const NODE_GAP = 12;
const HEADS = ["Process", "Interface", "Server", "Address learned"];
const DIAGRAM_WIDTH = 1000;
const NODE_WIDTH = 190;
const HEAD_HEIGHT = 30;
const LETTERS = 40; // more than fit a node; the rest is cut at its edge
const LEARNED_MOST = 8;

const cut = (text) => (text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}\u2026` : text);

function pathNodes(path) {
  const process = processes[path.process];
  const one = interfaces[path.iface];
  const server = servers[path.server];
  const nodes = [
    { id: `p${path.process}`, title: process ? visible(process.name ?? "?") : "process unknown", more: process ? [process.pid, processRole(path.process)].filter(Boolean).join(" \u00b7 ") : "" },
    { id: `i${path.iface}`, title: interfaceName(path.iface), more: one?.wanted ? "wanted" : visible(one?.kind ?? ""), wanted: one?.wanted },
    { id: `s${path.server}`, title: serverName(path.server), more: server ? (server.name ? serverAddress(path.server) : visible(server.proto ?? "")) : "" },
  ];
  const learned = list(path.learned).slice(0, LEARNED_MOST).map((address) => ({
    id: `a${address.address}`, title: visible(address.address), more: visible(address.kind ?? ""), wanted: address.wanted,
    leak: path.leak !== null && path.leak !== undefined && !address.wanted,
  }));
  return { nodes, learned };
}

/* Columns of nodes and links between neighbours; what leaks stands at the top. */
function makeDiagram(paths) {
  const columns = HEADS.map(() => new Map());
  const links = new Map();
  const node = (column, made) => {
    const known = columns[column].get(made.id) ?? { ...made, column, links: [] };
    known.leak ||= made.leak;
    columns[column].set(made.id, known);
    return known;
  };
  const link = (from, to, path, isLeak) => {
    const key = `${from.id} ${to.id}`;
    const known = links.get(key) ?? { from, to, count: 0, leak: false };
    known.count += path.exchanges ?? 1;
    known.leak ||= isLeak;
    if (!links.has(key)) {
      links.set(key, known);
      from.links.push(known);
      to.links.push(known);
    }
  };
  for (const path of paths) {
    const { nodes, learned } = pathNodes(path);
    const isLeak = path.leak !== null && path.leak !== undefined;
    const [process, one, server] = nodes.map((made, column) => node(column, made));
    link(process, one, path, isLeak);
    link(one, server, path, isLeak);
    for (const address of learned) link(server, node(3, address), path, Boolean(address.leak));
  }
  return { columns: columns.map((column) => [...column.values()]), links: [...links.values()] };
}

/* Put each node near the middle of those that it is linked with, some times over, so that few lines cross. */
function arrange({ columns }) {
  const high = Math.max(...columns.map((column) => column.length)) * (NODE_HEIGHT + NODE_GAP) - NODE_GAP;
  const place = (column) => {
    const top = HEAD_HEIGHT + (high - column.length * (NODE_HEIGHT + NODE_GAP) + NODE_GAP) / 2;
    column.forEach((one, at) => { one.y = top + at * (NODE_HEIGHT + NODE_GAP); });
  };
  columns.forEach(place);
  for (let sweep = 0; sweep < 6; sweep++) {
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      const middle = (one) => one.links.reduce((sum, { from, to }) => sum + (from === one ? to : from).y, 0) / Math.max(1, one.links.length);
      const wish = new Map(column.map((one) => [one, middle(one)]));
      column.sort((a, b) => wish.get(a) - wish.get(b));
      place(column);
    }
  }
  const gap = (DIAGRAM_WIDTH - HEADS.length * NODE_WIDTH) / (HEADS.length - 1);
  columns.forEach((column, at) => column.forEach((one) => { one.x = at * (NODE_WIDTH + gap); }));
  return HEAD_HEIGHT + high + 4;
}

function drawLink(link) {
  const [x1, y1] = [link.from.x + NODE_WIDTH, link.from.y + NODE_HEIGHT / 2];
  const [x2, y2] = [link.to.x, link.to.y + NODE_HEIGHT / 2];
  const bend = (x2 - x1) / 2;
  const width = Math.min(9, 1.5 + Math.log2(1 + link.count) * 0.8) + (link.leak ? 1 : 0);
  link.drawn = drawing("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, class: link.leak ? "link is-leaking" : "link", "stroke-width": width.toFixed(1) });
  return link.drawn;
}

/* What a node is, in words: its name and what it is linked with. */
function nodeWords(node) {
  const others = node.links.map(({ from, to }) => (from === node ? to : from).title);
  const marks = [node.wanted ? "on the wanted path" : "", node.leak ? "leak" : ""].filter(Boolean).join(", ");
  return `${HEADS[node.column]} ${node.title}${node.more ? `, ${node.more}` : ""}${marks ? `, ${marks}` : ""}. Linked with ${[...new Set(others)].join(", ") || "nothing"}.`;
}

function drawNode(node, highlight) {
  const kind = `node${node.leak ? " is-leaking" : ""}${node.wanted ? " is-wanted" : ""}`;
  const drawn = drawing("g", { class: kind, tabindex: "0", role: "img", "aria-label": nodeWords(node), transform: `translate(${node.x} ${node.y})` },
    drawing("title", {}, nodeWords(node)),
    drawing("rect", { width: NODE_WIDTH, height: NODE_HEIGHT, rx: 4 }));
  const text = drawing("svg", { x: 12, width: NODE_WIDTH - (node.leak ? 42 : 18), height: NODE_HEIGHT }, drawing("text", { y: node.more ? 17 : 25, class: "node-title" }, cut(node.title)));
  if (node.more) text.append(drawing("text", { y: 32, class: "node-more" }, cut(node.more)));
  drawn.append(text);
  if (node.leak) drawn.append(drawing("use", { href: "#shape-leak", class: "is-leak", x: NODE_WIDTH - 26, y: NODE_HEIGHT / 2 - 8, width: 16, height: 16 }));
  for (const name of ["focus", "pointerenter"]) drawn.addEventListener(name, () => highlight(node));
  for (const name of ["blur", "pointerleave"]) drawn.addEventListener(name, () => highlight(null));
  return drawn;
}

/* All that can be reached from a node without turning back. */
function reached(node) {
  const found = new Set();
  const walk = (one, forward) => {
    for (const link of one.links) {
      const next = forward ? link.to : link.from;
      if (next === one || found.has(link)) continue;
      found.add(link);
      walk(next, forward);
    }
  };
  walk(node, true);
  walk(node, false);
  return found;
}

function drawPaths() {
  const all = list(report.paths).filter((path) => path instanceof Object);
  const place = byId("pathway");
  if (!all.length) return;
  const isLeak = (path) => path.leak !== null && path.leak !== undefined;
  const first = [...all].sort((a, b) => isLeak(b) - isLeak(a) || (b.exchanges ?? 0) - (a.exchanges ?? 0)).slice(0, PATHS_MOST);
  const diagram = makeDiagram(first);
  const height = arrange(diagram);
  const svg = drawing("svg", { viewBox: `0 0 ${DIAGRAM_WIDTH} ${height}`, role: "group", "aria-label": "Ways from processes to the addresses that servers learned" });
  const highlight = (node) => {
    const lit = node ? reached(node) : new Set();
    svg.classList.toggle("is-pointed", Boolean(node));
    for (const link of diagram.links) link.drawn.classList.toggle("is-lit", lit.has(link));
  };
  HEADS.forEach((head, at) => {
    const x = (at * (DIAGRAM_WIDTH - NODE_WIDTH)) / (HEADS.length - 1);
    svg.append(drawing("text", { x, y: 14, class: "head" }, head));
  });
  svg.append(...diagram.links.sort((a, b) => a.leak - b.leak).map(drawLink), ...diagram.columns.flat().map((node) => drawNode(node, highlight)));
  place.append(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Diagram of ways" }, svg));
  if (all.length > first.length) place.append(element("figcaption", { class: "quiet" }, `The ${plural(first.length, "way")} that matter most; all ${number(all.length)} are in the table.`));
  place.hidden = false;
}
