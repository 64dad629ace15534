// Tables that sort by any column, filters, and buttons that copy.
'use strict';

(() => {
  const sortKey = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = Number.parseFloat(text);
    return Number.isNaN(number) || /^[[a-z]/i.test(text) ? text.toLowerCase() : number;
  };
  const compare = (one, other) => {
    if (typeof one === typeof other) return one < other ? -1 : Number(one > other);
    return typeof one === 'number' ? 1 : -1;
  };

  function sortBy(table, column) {
    const header = table.tHead.rows[0].cells[column];
    // Numbers are looked at from the largest, names from the first.
    const first = header.classList.contains('n') ? 'descending' : 'ascending';
    const other = first === 'descending' ? 'ascending' : 'descending';
    const order = header.ariaSort === first ? other : first;
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', order);
    const keyed = [...table.tBodies[0].rows].map((row) => [sortKey(row, column), row]);
    const sign = order === 'ascending' ? 1 : -1;
    keyed.sort(([one], [another]) => sign * compare(one, another));
    table.tBodies[0].append(...keyed.map(([, row]) => row));
  }

  for (const table of document.querySelectorAll('table.sortable')) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      if (header.querySelector('.unseen')) return;
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'sort';
      button.append(...header.childNodes);
      button.addEventListener('click', () => sortBy(table, column));
      header.append(button);
    });
  }

  // Rows that hold every word that was typed.
  function filterBy(input, table, shown) {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      visible += Number(!row.hidden);
    }
    if (shown) shown.value = words.length ? `${visible} of ${table.tBodies[0].rows.length}` : '';
  }
  for (const name of ['names', 'errors']) {
    const input = report.element(`${name}-filter`);
    const table = report.element(`${name}-table`);
    input?.addEventListener('input', () => filterBy(input, table, report.element(`${name}-shown`)));
  }
  report.element('names-view')?.addEventListener('change', (event) => {
    report.element('names-table').dataset.view = event.target.value;
  });

  // What scrolls sideways has to be reached by a keyboard; what has room does not stop it.
  const sideways = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const place = target.closest('.scroll');
      if (place.scrollWidth <= place.clientWidth) {
        for (const name of ['tabindex', 'role', 'aria-label']) place.removeAttribute(name);
        continue;
      }
      place.tabIndex = 0;
      place.setAttribute('role', 'group');
      place.setAttribute('aria-label', 'Table that scrolls sideways');
    }
  });
  for (const table of document.querySelectorAll('.scroll > table')) {
    sideways.observe(table);
    sideways.observe(table.parentElement);
  }

  for (const button of document.querySelectorAll('button[data-copy]')) {
    button.addEventListener('click', async () => {
      const source = report.element(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = 'Selected';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
  }
})();
