// Charts of a comparison: differences with their intervals, and the runs' own curves over each other.
'use strict';

(() => {
  const { data, element, colour, rate, roundRate, duration, clock, percentile } = report;
  const { drawn, tools, axis, allOf, logRange, logSplits, percentileSplits, durations, fromZero, chart, told, nearestLine } = report.plots;

  // A round step, so that there are about six lines.
  function stepFor(span) {
    const rough = span / 6;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  }

  const tones = { better: 'good', worse: 'bad', changed: 'doubt', no_difference: 'soft', inconclusive: 'doubt', not_judged: 'soft' };
  const signed = (value) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Number(Math.abs(value).toPrecision(3)).toLocaleString('en')} %`;

  function differences(place, rows) {
    tools(place);
    place.replaceChildren();
    const [left, right, line, top] = [150, 24, 26, 8];
    const width = Math.max(place.clientWidth, 320);
    const height = top + rows.length * line + 46;
    // One wide interval must not squeeze all others.
    const reaches = rows.map((row) => Math.max(Math.abs(row.low ?? row.percent), Math.abs(row.high ?? row.percent))).sort((a, b) => a - b);
    const middle = reaches[Math.floor(reaches.length / 2)] ?? 1;
    const most = Math.max(Math.min(reaches.at(-1) ?? 1, middle * 4), data.margin_percent * 1.5, 0.5);
    const x = (percent) => left + (Math.max(-most, Math.min(most, percent)) + most) / (2 * most) * (width - left - right);
    const svg = drawn(place, 'svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': 'Differences with their intervals; the table below has the same figures' });
    const floor = top + rows.length * line;
    drawn(svg, 'rect', { x: x(-data.margin_percent), y: top, width: x(data.margin_percent) - x(-data.margin_percent), height: floor - top, fill: colour('line'), opacity: 0.7 });
    const step = stepFor(2 * most * Math.max(1, 420 / (width - left - right)));
    for (let tick = Math.ceil(-most / step); tick * step <= most; tick += 1) {
      const percent = Number((tick * step).toPrecision(6));
      drawn(svg, 'line', { x1: x(percent), x2: x(percent), y1: top, y2: floor, stroke: colour(tick ? 'line' : 'soft') });
      drawn(svg, 'text', { x: x(percent), y: floor + 16, 'text-anchor': 'middle', class: 'soft' }, signed(percent));
    }
    drawn(svg, 'text', { x: x(0), y: floor + 36, 'text-anchor': 'middle', class: 'soft' }, 'difference');
    rows.forEach((row, index) => {
      const y = top + index * line + line / 2;
      const stroke = colour(tones[row.verdict]);
      const text = `${row.label}: ${signed(row.percent)}${row.low === null ? '' : `, from ${signed(row.low)} to ${signed(row.high)}`}`;
      const group = drawn(svg, 'g', {});
      drawn(group, 'rect', { x: 0, width, y: y - line / 2, height: line, fill: 'transparent', class: 'row' });
      drawn(group, 'text', { x: left - 10, y: y + 4, 'text-anchor': 'end' }, row.label);
      if (row.low !== null) {
        drawn(group, 'line', { x1: x(row.low), x2: x(row.high), y1: y, y2: y, stroke, 'stroke-width': 3, 'stroke-linecap': 'round', opacity: 0.75 });
      }
      drawn(group, 'circle', { cx: x(row.percent), cy: y, r: 4.5, fill: stroke });
      group.addEventListener('pointermove', (event) => report.showTip(text, event.clientX, event.clientY));
      group.addEventListener('pointerleave', report.hideTip);
    });
  }

  // Sides that are not shown, in all charts alike.
  const hidden = new Set();
  const sideColour = (index) => colour(`side-${index % 4}`);
  const overlays = [];

  function legend(place) {
    const list = document.createElement('div');
    list.className = 'sides';
    data.sides.forEach((side, index) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.setAttribute('role', 'switch');
      const swatch = drawn(button, 'svg', { width: 22, height: 8, 'aria-hidden': 'true' });
      drawn(swatch, 'line', { x1: 0, x2: 18, y1: 5, y2: 5, class: `side-${index % 4}`, 'stroke-width': 3 });
      const name = document.createElement('span');
      name.textContent = side.name;
      button.append(name);
      button.dataset.side = index;
      button.addEventListener('click', () => {
        if (!hidden.delete(index)) hidden.add(index);
        tellSides();
        overlays.forEach((overlay) => overlay.draw());
      });
      list.append(button);
    });
    place.before(list);
  }
  function tellSides() {
    for (const button of document.querySelectorAll('.sides button')) {
      button.setAttribute('aria-checked', String(!hidden.has(Number(button.dataset.side))));
    }
  }

  // Curves of all runs in one chart. `points` gives a run's x and y.
  function overlaid(id, points, { x, y, xScale, height }) {
    const place = element(id);
    if (!place) return;
    const overlay = chart(id, () => {
      const tables = [];
      const series = [];
      data.sides.forEach((side, index) => {
        if (hidden.has(index)) return;
        side.runs.forEach((run) => {
          const [xs, ys] = points(run);
          if (!xs.length) return;
          tables.push([xs, ys]);
          series.push({
            label: `${side.name}, ${run.label}`, scale: 'y', stroke: `color-mix(in srgb, ${sideColour(index)} 70%, transparent)`,
            width: 1.5, spanGaps: true, points: { show: xs.length < 3, size: 5 },
          });
        });
      });
      return {
        height,
        values: tables.length ? uPlot.join(tables) : [[]],
        keys: () => data.sides.flatMap((side, index) => hidden.has(index) ? [] : [{ label: side.name, colour: sideColour(index) }]),
        plugins: [told((plot, idx, top) => {
          const nearest = nearestLine(plot, idx, top);
          return nearest && `${nearest.label}\n${x.text(nearest.x)}: ${y.text(nearest.y)}`;
        })],
        options: {
          padding: [10, 28, 0, 0], legend: { show: false },
          cursor: { drag: { x: true, y: false }, y: false, points: { show: false } },
          scales: { x: { time: false, ...xScale }, y: y.scale },
          axes: [axis({ size: 28, label: x.label, ...x.axis }), axis({ scale: 'y', size: 62, label: y.label, ...y.axis })],
          series: [{ label: x.label }, ...series],
        },
      };
    });
    overlays.push(overlay);
    legend(place);
  }

  // The slowest response of all has no percentile of its own: its rarity is the number of requests.
  const known = data.percentiles.flatMap((percent, place) => percent >= 50 && percent < 100 ? [place] : []);
  const rarities = known.map((place) => 1 / (1 - data.percentiles[place] / 100));
  const rarity = { label: 'percentile', text: percentile, axis: { values: (_, splits) => splits.map(percentile), filter: allOf, splits: percentileSplits } };
  const time = (label) => ({
    label, text: duration, scale: { distr: 3, range: logRange }, axis: { values: durations, filter: allOf, splits: logSplits },
  });
  const spectrum = (id, kind, label) => overlaid(id, (run) => (
    run[kind].length ? [rarities, known.map((place) => run[kind][place] || null)] : [[], []]
  ), { height: 300, x: rarity, y: time(label), xScale: { distr: 3, range: (_, min, max) => [2, Math.max(max || 0, 10)] } });
  spectrum('spectrum-response', 'response', 'response time');
  spectrum('spectrum-service', 'service', 'service time');

  const moment = { label: 'time', text: clock, axis: { values: (_, splits) => splits.map(clock) } };
  const overTime = (id, values, y) => overlaid(id, (run) => [run.time_s, values(run)], { height: 240, x: moment, y });
  overTime('time-requests', (run) => run.requests_per_s, { label: 'requests/s', text: (value) => `${rate(value)} requests/s`, scale: fromZero, axis: { values: (_, splits) => splits.map(roundRate) } });
  // Zero means that nothing was measured.
  overTime('time-p99', (run) => run.response_p99_us.map((us) => us || null), { label: 'response p99', text: duration, scale: fromZero, axis: { values: durations } });
  tellSides();

  const drawDifferences = () => data.pairs.forEach((rows, index) => differences(element(`differences-${index}`), rows));
  drawDifferences();
  report.onTheme(drawDifferences);
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawDifferences();
  });
  report.ready();
})();
