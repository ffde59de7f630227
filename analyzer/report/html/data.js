"use strict";
/* The document, the elements, and how the document's numbers and strangers' strings are put into words. */

const report = JSON.parse(document.getElementById("report-document").textContent);
const byId = (id) => document.getElementById(id);
const list = (value) => (Array.isArray(value) ? value : []);

/* Characters that act on a reader or hide from him: as text_escape() in core/text_escape.c has them. */
const ACTS = /[\\\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const NAMED = new Map([["\\", "\\\\"], ["\n", "\\n"], ["\t", "\\t"], ["\r", "\\r"]]);

function visible(text) {
  return String(text ?? "").replace(ACTS, (c) => {
    const code = c.codePointAt(0);
    const hex = (digits) => code.toString(16).padStart(digits, "0");
    if (NAMED.has(c)) return NAMED.get(c);
    return code < 0x80 ? `\\x${hex(2)}` : code <= 0xffff ? `\\u${hex(4)}` : `\\U${hex(8)}`;
  });
}

/* A new element; children that are strings become text nodes, never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function shape(name) {
  const use = drawing("use", { href: `#shape-${name}` });
  return drawing("svg", { class: `shape is-${name}`, width: "12", height: "12", "aria-hidden": "true" }, use);
}

/* --- words --- */

const NOTHING = "\u2013";
const number = (value) => Number(value).toLocaleString("en-US").replaceAll(",", "\u202f");
const seconds = (us) => (us / 1e6).toFixed(6);
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

function duration(us) {
  if (us < 1000) return `${us} \u00b5s`;
  if (us < 1e6) return `${(us / 1000).toPrecision(3)} ms`;
  return `${(us / 1e6).toPrecision(3)} s`;
}

function endpoint(ip, port) {
  return String(ip).includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

const OUTCOMES = [...document.querySelectorAll("[data-outcome]")].map((item) => item.dataset.outcome);
const outcomeLabel = new Map([...document.querySelectorAll("[data-outcome]")].map((item) => [item.dataset.outcome, item.dataset.label]));

const interfaces = list(report.interfaces);
const processes = list(report.processes);
const servers = list(report.servers);
const leaks = list(report.leaks);

const interfaceName = (index) => (interfaces[index] ? visible(interfaces[index].name) : "interface unknown");
function processName(index) {
  const one = processes[index];
  return one ? `${visible(one.name ?? "?")}${one.pid ? ` ${one.pid}` : ""}` : NOTHING;
}
const processRole = (index) => (processes[index]?.role ? visible(processes[index].role) : "");
function serverName(index) {
  const one = servers[index];
  return one ? visible(one.name ?? endpoint(one.ip, one.port)) : NOTHING;
}
function serverAddress(index) {
  const one = servers[index];
  return one ? `${visible(endpoint(one.ip, one.port))} ${visible(one.proto ?? "")}` : NOTHING;
}

/* --- exchanges: rows of the document, read by the columns' names --- */

const exchanges = (() => {
  const rows = list(report.exchanges?.rows);
  const at = new Map(list(report.exchanges?.columns).map((name, index) => [name, index]));
  const order = [...rows.keys()];
  const startAt = at.get("start_us");
  order.sort((a, b) => rows[a][startAt] - rows[b][startAt] || a - b);
  const get = (position, name) => rows[order[position]][at.get(name)] ?? null;
  // How early in the document, which has first what matters first.
  const rank = (position) => order[position];
  return { count: rows.length, get, rank, leftOut: report.exchanges?.left_out ?? 0 };
})();

/* "48\u201349, 52": neighbours as ranges, as html_numbers() has them. */
function ranges(numbers) {
  const runs = [];
  for (const one of list(numbers)) {
    const last = runs.at(-1);
    if (last && one === last[1] + 1) last[1] = one;
    else runs.push([one, one]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}\u2013${to}`)).join(", ") || NOTHING;
}

function evidenceWords(events, frames) {
  const parts = [];
  if (list(events).length) parts.push(`events ${ranges(events)}`);
  if (list(frames).length) parts.push(`frames ${ranges(frames)}`);
  return parts.join("; ") || NOTHING;
}

/* An element that keeps the text's direction to itself; a text without a place to break may break anywhere. */
function isolated(text) {
  return element("bdi", /\S{41}/.test(text) ? { class: "long" } : {}, text);
}
