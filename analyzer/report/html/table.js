/* Tables that sort, search and turn pages. The rows of small ones are in the page already; those of the exchanges are made when shown. */

const PAGE_ROWS = 50;
const PRINT_ROWS = 200;
const SEARCH_FROM = 9; // rows that an eye takes in at once need no search
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/* Rows that stand in the page. */
class StandingRows {
  constructor(body) {
    this.rows = [...body.rows];
    this.count = this.rows.length;
    this.texts = this.rows.map((row) => row.textContent.toLowerCase());
  }

  matches(index, wanted) {
    return this.texts[index].includes(wanted);
  }

  key(index, column) {
    const cell = this.rows[index].cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  }

  row(index) {
    return this.rows[index];
  }
}

class DataTable {
  constructor(table, source) {
    this.table = table;
    this.body = table.tBodies[0];
    this.source = source ?? new StandingRows(this.body);
    this.page = 0;
    this.wanted = "";
    this.narrowed = null; // a further condition, index -> boolean
    this.sorted = null;   // { column, up }
    this.pageRows = PAGE_ROWS;
    this.order = [...Array(this.source.count).keys()];
    if (this.source.count > 1) this.#makeHeadings();
    if (this.source.count >= SEARCH_FROM) this.#makeTools();
    this.update();
  }

  #makeHeadings() {
    [...this.table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = element("button", { type: "button", class: "sort" }, ...heading.childNodes);
      heading.replaceChildren(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const again = this.sorted?.column === column;
        this.sort(column, again ? !this.sorted.up : true);
      });
    });
  }

  #makeTools() {
    const id = `${this.table.id}-search`;
    this.search = element("input", { type: "search", id, autocomplete: "off", spellcheck: "false", placeholder: "Search" });
    this.status = element("p", { class: "status", role: "status", "aria-live": "polite" });
    this.back = element("button", { type: "button", "aria-label": "Previous page" }, "\u2190");
    this.forth = element("button", { type: "button", "aria-label": "Next page" }, "\u2192");
    const label = element("label", { for: id, class: "unseen" }, `Search in: ${this.table.caption.textContent}`);
    this.tools = element("div", { class: "table-tools" }, label, this.search, this.status, element("span", { class: "pager" }, this.back, this.forth));
    this.table.closest(".table-box").before(this.tools);
    this.search.addEventListener("input", () => {
      this.wanted = this.search.value.trim().toLowerCase();
      this.page = 0;
      this.update();
    });
    this.back.addEventListener("click", () => this.turn(-1));
    this.forth.addEventListener("click", () => this.turn(1));
  }

  turn(by) {
    this.page += by;
    this.update();
  }

  narrow(condition) {
    this.narrowed = condition;
    this.page = 0;
    this.update();
  }

  sort(column, up) {
    this.sorted = { column, up };
    const keys = Array.from({ length: this.source.count }, (_, index) => this.source.key(index, column));
    const compare = (a, b) => (typeof keys[a] === "number" && typeof keys[b] === "number" ? keys[a] - keys[b] : collator.compare(keys[a], keys[b]));
    this.order.sort((a, b) => (up ? compare(a, b) : compare(b, a)) || a - b);
    [...this.table.tHead.rows[0].cells].forEach((heading, at) => {
      heading.setAttribute("aria-sort", at !== column ? "none" : up ? "ascending" : "descending");
    });
    this.page = 0;
    this.update();
  }

  /* Turn to the page where that row is. */
  show(index) {
    let at = this.shown.indexOf(index);
    if (at < 0) {
      this.wanted = "";
      if (this.search) this.search.value = "";
      this.narrow(null);
      at = this.shown.indexOf(index);
    }
    this.page = Math.floor(at / this.pageRows);
    this.update();
    return this.source.row(index);
  }

  update() {
    const isShown = this.onPaper ?? ((index) => (!this.wanted || this.source.matches(index, this.wanted)) && (!this.narrowed || this.narrowed(index)));
    this.shown = this.order.filter(isShown);
    const pages = Math.max(1, Math.ceil(this.shown.length / this.pageRows));
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const first = this.page ? this.page * this.pageRows : 0; // no page of infinitely many rows
    const rows = this.shown.slice(first, first + this.pageRows).map((index) => this.source.row(index));
    this.body.replaceChildren(...rows);
    if (!this.tools) return;
    const last = first + rows.length;
    const of = this.shown.length === this.source.count ? number(this.source.count) : `${number(this.shown.length)} found in ${number(this.source.count)}`;
    this.status.textContent = this.shown.length === 0 ? `nothing found in ${number(this.source.count)}` : pages > 1 ? `${number(first + 1)} to ${number(last)} of ${of}` : of;
    this.back.disabled = this.page === 0;
    this.forth.disabled = this.page === pages - 1;
    this.back.parentElement.hidden = pages === 1;
  }

  /* Paper has no pages to turn: all rows, of the exchanges those that matter first; afterwards what was shown before. */
  print(printing) {
    if (printing) this.pageBefore = this.page;
    else this.page = this.pageBefore ?? 0;
    this.pageRows = printing ? Infinity : PAGE_ROWS;
    this.onPaper = printing && this.source.rank ? (index) => this.source.rank(index) < PRINT_ROWS : null;
    this.update();
    this.paperNote?.remove();
    if (!this.onPaper || this.source.count <= PRINT_ROWS) return;
    this.paperNote = element("p", { class: "note" }, `On paper: the ${number(PRINT_ROWS)} that matter first, of ${number(this.source.count)}.`);
    this.table.after(this.paperNote);
  }
}

/* One for each column of the exchanges' table, as html_tables.c writes its heading. */
const EXCHANGE_TEXT = [
  (index) => seconds(exchanges.get(index, "start_us")),
  (index) => interfaceName(exchanges.get(index, "iface")),
  (index) => serverName(exchanges.get(index, "server")),
  (index) => processName(exchanges.get(index, "process")),
  (index) => visible(exchanges.get(index, "source") ?? NOTHING),
  (index) => visible(exchanges.get(index, "method") ?? NOTHING),
  (index) => outcomeLabel.get(exchanges.get(index, "outcome")) ?? visible(exchanges.get(index, "outcome")),
  (index) => visible(exchanges.get(index, "learned") ?? NOTHING),
  (index) => ranges(exchanges.get(index, "events")),
  (index) => ranges(exchanges.get(index, "frames")),
];
const [START, OUTCOME, LEARNED, EVENTS, FRAMES] = [0, 6, 7, 8, 9];

/* The rows of the exchanges, made when they are shown. */
class ExchangeRows {
  constructor() {
    this.count = exchanges.count;
    this.made = new Map();
  }

  matches(index, wanted) {
    this.texts ??= Array.from({ length: this.count }, (_, at) => this.#searched(at));
    return this.texts[index].includes(wanted);
  }

  #searched(index) {
    const leak = exchanges.get(index, "leak") === null ? "" : "leak";
    const texts = EXCHANGE_TEXT.map((text) => text(index));
    return [...texts, serverAddress(exchanges.get(index, "server")), processRole(exchanges.get(index, "process")), leak].join("\n").toLowerCase();
  }

  key(index, column) {
    if (column === START) return exchanges.get(index, "start_us");
    if (column === EVENTS) return list(exchanges.get(index, "events"))[0] ?? Infinity;
    if (column === FRAMES) return list(exchanges.get(index, "frames"))[0] ?? Infinity;
    return EXCHANGE_TEXT[column](index);
  }

  rank = exchanges.rank;

  row(index) {
    if (!this.made.has(index)) this.made.set(index, this.#make(index));
    return this.made.get(index);
  }

  #make(index) {
    const leak = exchanges.get(index, "leak") !== null;
    const cells = EXCHANGE_TEXT.map((text, column) => {
      const cell = element("td", column === START ? { class: "number" } : {});
      if (column === OUTCOME) cell.append(shape(exchanges.get(index, "outcome")), " ");
      if (column === LEARNED && leak) cell.append(shape("leak"), " ");
      cell.append(isolated(text(index)));
      if (column === LEARNED && leak) cell.append(element("span", { class: "unseen" }, " (leak)"));
      return cell;
    });
    return element("tr", { "data-exchange": String(index), tabindex: "-1", ...(leak ? { class: "leaking" } : {}) }, ...cells);
  }
}
