// Charts of a comparison: differences with their intervals, and the runs' own curves over each other.
'use strict';

(() => {
  const { data, element, colour, rate, duration, roundDuration, clock } = report;
  const SVG = 'http://www.w3.org/2000/svg';

  function drawn(parent, name, attributes, text) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    parent.append(node);
    return node;
  }

  // A round step, so that there are about six lines.
  function stepFor(span) {
    const rough = span / 6;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  }

  const tones = { better: 'good', worse: 'bad', changed: 'doubt', no_difference: 'soft', inconclusive: 'doubt', not_judged: 'soft' };

  function differences(place, rows) {
    place.replaceChildren();
    const [left, right, line, top] = [150, 16, 26, 8];
    const width = Math.max(place.clientWidth, 320);
    const height = top + rows.length * line + 28;
    // One wide interval must not squeeze all others.
    const reaches = rows.map((row) => Math.max(Math.abs(row.low ?? row.percent), Math.abs(row.high ?? row.percent))).sort((a, b) => a - b);
    const middle = reaches[Math.floor(reaches.length / 2)] ?? 1;
    const most = Math.max(Math.min(reaches.at(-1) ?? 1, middle * 4), data.margin_percent * 1.5, 0.5);
    const x = (percent) => left + (Math.max(-most, Math.min(most, percent)) + most) / (2 * most) * (width - left - right);
    const svg = drawn(place, 'svg', { viewBox: `0 0 ${width} ${height}`, width, height });
    const floor = top + rows.length * line;
    drawn(svg, 'rect', { x: x(-data.margin_percent), y: top, width: x(data.margin_percent) - x(-data.margin_percent), height: floor - top, fill: colour('line'), opacity: 0.7 });
    const step = stepFor(2 * most);
    for (let tick = Math.ceil(-most / step); tick * step <= most; tick += 1) {
      const percent = Number((tick * step).toPrecision(6));
      drawn(svg, 'line', { x1: x(percent), x2: x(percent), y1: top, y2: floor, stroke: colour(tick ? 'line' : 'soft') });
      drawn(svg, 'text', { x: x(percent), y: floor + 16, 'text-anchor': 'middle', class: 'soft' }, `${percent > 0 ? '+' : percent < 0 ? '−' : ''}${Math.abs(percent)} %`);
    }
    rows.forEach((row, index) => {
      const y = top + index * line + line / 2;
      const stroke = colour(tones[row.verdict]);
      drawn(svg, 'text', { x: left - 10, y: y + 4, 'text-anchor': 'end' }, row.label);
      if (row.low !== null) {
        drawn(svg, 'line', { x1: x(row.low), x2: x(row.high), y1: y, y2: y, stroke, 'stroke-width': 3, 'stroke-linecap': 'round', opacity: 0.75 });
      }
      drawn(svg, 'circle', { cx: x(row.percent), cy: y, r: 4.5, fill: stroke });
    });
  }

  const axis = (more) => ({
    stroke: colour('soft'), font: '11px system-ui, sans-serif',
    grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1, size: 4 }, ...more,
  });
  const hidden = new Set();

  // Curves of all runs in one chart. `points` gives a run's x and y.
  function overlaid(id, points, { xScale, xAxis, yScale, yAxis, height }) {
    const place = element(id);
    if (!place) return;
    let plot = null;
    const draw = () => {
      plot?.destroy();
      place.replaceChildren();
      const tables = [];
      const series = [{}];
      data.sides.forEach((side, index) => {
        if (hidden.has(index)) return;
        side.runs.forEach((run) => {
          const [xs, ys] = points(run);
          if (!xs.length) return;
          tables.push([xs, ys]);
          series.push({
            label: `${side.name}, ${run.label}`, scale: 'y', stroke: `color-mix(in srgb, ${colour(`side-${index % 4}`)} 70%, transparent)`,
            width: 1.5, spanGaps: true, points: { show: xs.length < 3, size: 5 },
          });
        });
      });
      const legend = document.createElement('div');
      legend.className = 'legend';
      data.sides.forEach((side, index) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.setAttribute('role', 'switch');
        button.setAttribute('aria-checked', String(!hidden.has(index)));
        const swatch = drawn(button, 'svg', { width: 22, height: 8, 'aria-hidden': 'true' });
        drawn(swatch, 'line', { x1: 0, x2: 18, y1: 5, y2: 5, stroke: colour(`side-${index % 4}`), 'stroke-width': 3 });
        button.append(side.name);
        button.addEventListener('click', () => {
          if (!hidden.delete(index)) hidden.add(index);
          drawAll();
        });
        legend.append(button);
      });
      place.append(legend);
      if (!tables.length) return;
      const values = uPlot.join(tables);
      plot = new uPlot({
        width: Math.max(place.clientWidth, 200), height, padding: [10, 8, 0, 0], legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        scales: { x: { time: false, ...xScale }, y: yScale }, axes: [axis(xAxis), axis({ scale: 'y', size: 62, ...yAxis })], series,
      }, values, place);
    };
    return draw;
  }

  const percentileText = (rarity) => {
    const percent = 100 * (1 - 1 / rarity);
    return `p${Number(percent.toFixed(Math.max(0, Math.ceil(Math.log10(rarity)) - 1)))}`;
  };
  const decade = (value) => /^10*$/.test(String(Math.round(value)));
  // The slowest response of all has no percentile of its own: its rarity is the number of requests.
  const told = data.percentiles.flatMap((percent, place) => percent >= 50 && percent < 100 ? [place] : []);
  const rarities = told.map((place) => 1 / (1 - data.percentiles[place] / 100));
  const spectrum = (id, kind) => overlaid(id, (run) => (
    run[kind].length ? [rarities, told.map((place) => run[kind][place] || null)] : [[], []]
  ), {
    height: 300,
    xScale: { distr: 3, range: (_, min, max) => [2, Math.max(max, 10)] },
    xAxis: { values: (_, splits) => splits.map((value) => decade(value) && value > 1 ? percentileText(value) : '') },
    yScale: { distr: 3, range: (_, min, max) => [(min || 1) * 0.8, (max || 10) * 1.25] },
    yAxis: { values: (_, splits) => splits.map((us) => us !== null && (splits.length < 14 || decade(us)) ? roundDuration(us) : '') },
  });
  const fromZero = { range: (_, min, max) => [0, Math.max(max * 1.05, 1)] };
  const timed = { xScale: {}, xAxis: { values: (_, splits) => splits.map(clock) }, yScale: fromZero, height: 240 };
  const draws = [
    spectrum('spectrum-response', 'response'),
    spectrum('spectrum-service', 'service'),
    overlaid('time-requests', (run) => [run.time_s, run.requests_per_s], { ...timed, yAxis: { values: (_, splits) => splits.map(rate) } }),
    overlaid('time-p99', (run) => [run.time_s, run.response_p99_us.map((us) => us || null)], { ...timed, yAxis: { values: (_, splits) => splits.map(duration) } }),
    ...data.pairs.map((rows, index) => () => differences(element(`differences-${index}`), rows)),
  ].filter(Boolean);
  function drawAll() { draws.forEach((draw) => draw()); }

  drawAll();
  report.onTheme(drawAll);
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawAll();
  });
  element('theme').addEventListener('click', report.toggleTheme);
  document.documentElement.dataset.ready = 'true';
})();
