// Sortable, filterable tables that are updated in place.
import { chooser } from "./choosers.js";
import { el, setText, show } from "./dom.js";

/**
 * A column: `label`, `text(row)`, and `value(row)` to sort by; `numeric` ones are aligned right.
 * `cell(row)` makes nodes instead of a text; `mark(row)` marks it good or bad; `kind` is how it is
 * laid out: `word` on one line, `name` and `words` with room. `title` explains the label. With
 * `choose`, a name to remember it by, columns can be hidden; `rare` ones are at first, `fixed` ones
 * never.
 */
export class Table {
  constructor({ columns, key, sort, descending, filter, caption, empty, choose }) {
    this.columns = columns;
    this.key = key;
    this.sort = sort ?? null;
    this.descending = descending ?? false;
    this.lines = new Map();
    this.rows = [];
    this.last = null;
    this.heads = columns.map((column, index) => this.head(column, index));
    this.body = el("tbody");
    this.foot = el("tfoot");
    this.note = el("p", { class: "empty" }, empty ?? "Nothing yet.");
    const table = el(
      "table",
      {},
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, ...this.heads)),
      this.body,
      this.foot,
    );
    this.scroller = el("div", { class: "scroller" }, table);
    this.words = "";
    const search = filter
      ? el("input", {
          type: "search",
          class: "filter",
          placeholder: filter,
          "aria-label": filter,
          oninput: (event) => {
            this.words = event.target.value.toLowerCase();
            this.draw();
          },
        })
      : null;
    this.hidden = new Set();
    const tools = [search, choose ? this.chooser(choose) : null];
    const bar = search || choose ? el("div", { class: "tools" }, ...tools) : null;
    this.element = el("div", { class: "table" }, bar, this.scroller, this.note);
    this.draw();
  }

  chooser(name) {
    const choices = this.columns.filter(({ fixed }) => !fixed);
    const named = choices.map(({ label, rare }) => [label, rare]);
    return chooser(`columns-${name}`, "Columns", named, (hidden) => {
      this.hidden = hidden;
      this.heads.forEach((head, index) => show(head, !hidden.has(this.columns[index].label)));
      if (this.body.firstChild) this.draw();
    });
  }

  head(column, index) {
    const attributes = { scope: "col", class: column.numeric ? "number" : null };
    if (!column.value) return el("th", attributes, column.label);
    const button = el(
      "button",
      { type: "button", title: column.title, onclick: () => this.sortBy(index) },
      column.label,
    );
    return el("th", attributes, button);
  }

  sortBy(index) {
    if (this.sort === index) {
      this.descending = !this.descending;
    } else {
      this.sort = index;
      this.descending = Boolean(this.columns[index].numeric);
    }
    this.draw();
  }

  /** Shows `rows`, and `last` below them whatever the order. */
  update(rows, last = null) {
    this.rows = rows;
    this.last = last;
    this.draw();
  }

  draw() {
    this.heads.forEach((head, index) => {
      const order = this.descending ? "descending" : "ascending";
      if (this.columns[index].value) {
        head.setAttribute("aria-sort", this.sort === index ? order : "none");
      }
    });
    const shown = this.sorted(this.rows.filter((row) => this.matches(row)));
    const keys = new Set(shown.map(this.key));
    for (const [key, line] of this.lines) {
      if (!keys.has(key)) {
        line.remove();
        this.lines.delete(key);
      }
    }
    shown.forEach((row, place) => {
      const key = this.key(row);
      const line = this.lines.get(key) ?? this.line();
      this.lines.set(key, line);
      this.fill(line, row);
      if (this.body.children[place] !== line) {
        this.body.insertBefore(line, this.body.children[place] ?? null);
      }
    });
    if (this.last) {
      if (!this.foot.firstChild) this.foot.append(this.line());
      this.fill(this.foot.firstChild, this.last);
    } else {
      this.foot.replaceChildren();
    }
    const isEmpty = this.rows.length === 0 && !this.last;
    show(this.scroller, !isEmpty);
    show(this.note, isEmpty);
  }

  line() {
    return el(
      "tr",
      {},
      ...this.columns.map((column) => el("td", { class: column.numeric ? "number" : column.kind })),
    );
  }

  fill(line, row) {
    this.columns.forEach((column, index) => {
      const cell = line.children[index];
      show(cell, !this.hidden.has(column.label));
      if (column.cell) {
        const mark = column.changes ? column.changes(row) : "";
        if (cell.dataset.of !== String(mark) || !cell.firstChild) {
          cell.dataset.of = String(mark);
          cell.replaceChildren(column.cell(row));
        }
      } else {
        setText(cell, column.text(row));
      }
      if (column.mark) cell.dataset.mark = column.mark(row);
    });
  }

  matches(row) {
    if (!this.words) return true;
    return this.columns.some(
      (column) => column.text && column.text(row).toLowerCase().includes(this.words),
    );
  }

  sorted(rows) {
    if (this.sort === null) return rows;
    const { value } = this.columns[this.sort];
    const sign = this.descending ? -1 : 1;
    return [...rows].sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      return sign * (typeof a === "string" ? a.localeCompare(b) : a - b);
    });
  }
}
