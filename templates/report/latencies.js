// How latencies are distributed: percentiles, a histogram, a heat map over time; offset curves of
// races, and rounds.
'use strict';

report.latencies = (() => {
  const { data, element, colour, count, duration, roundDuration, clock, percent, percentile, bandEdge } = report;
  const { drawn, tools, chart, axis, allOf, logRange, logSplits, percentileSplits, durations, fromZero } = report.plots;
  const { palette, rateAxis } = report.charts;
  let shown = 0;

  function spectrum() {
    return chart('chart-spectrum', () => {
      const latencies = data.latencies[shown];
      const most = Math.max(...latencies.counts, 2);
      // The largest value is as rare as there are requests.
      const rarity = data.percentiles.map((percent) => percent < 100 ? 1 / (1 - percent / 100) : most);
      const told = rarity.map((value, place) => place === rarity.length - 1 || value < most);
      const keep = (values) => values.filter((_, place) => told[place]);
      const line = (label, values, stroke, dash) => ({
        label, stroke: colour(stroke), dash, width: 2, scale: 'us', points: { show: false },
        value: (_, value) => duration(value), values: values.length ? keep(values) : [],
      });
      const lines = [
        line('response', latencies.response, 'line-3'),
        line('service', latencies.service, 'line-6', [6, 3]),
        line('send lag', latencies.lag, 'line-9', [2, 3]),
      ].filter((one) => one.values.length);
      return {
        height: 240,
        values: [keep(rarity), ...lines.map((one) => one.values)],
        options: {
          cursor: { drag: { x: true, y: false }, y: false },
          scales: {
            x: { time: false, distr: 3, range: (_, min, max) => [1, Math.max(max, 10)] },
            us: { distr: 3, range: logRange },
          },
          axes: [
            axis({ label: 'percentile', size: 28, values: (_, splits) => splits.map(percentile), filter: allOf, splits: percentileSplits }),
            axis({ label: 'time', scale: 'us', size: 62, values: durations, filter: allOf, splits: logSplits }),
          ],
          series: [
            { label: 'percentile', value: (_, value) => value === null ? '–' : percentile(value) },
            ...lines.map(({ values, ...series }) => series),
          ],
        },
      };
    });
  }

  const pairs = (flat) => Array.from({ length: flat.length / 2 }, (_, place) => [flat[place * 2], flat[place * 2 + 1]]);

  function histogram() {
    const place = element('chart-histogram');
    tools(place);
    place.replaceChildren();
    const bands = pairs(data.latencies[shown].histogram);
    if (!bands.length) return;
    const [first, last] = [bands[0][0], bands.at(-1)[0]];
    const most = Math.max(...bands.map(([, number]) => number));
    const all = bands.reduce((sum, [, number]) => sum + number, 0);
    const [width, height, left, bottom] = [Math.max(place.clientWidth, 200), 240, 6, 22];
    const svg = drawn(place, 'svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Response times from ${duration(bandEdge(first))} to ${duration(bandEdge(last + 1))}` });
    const step = (width - 2 * left) / (last - first + 1);
    const floor = height - bottom;
    for (const [band, number] of bands) {
      const tall = Math.max((number / most) * (floor - 14), 1.5);
      const rect = drawn(svg, 'rect', {
        x: left + (band - first) * step + step * 0.06, width: step * 0.88, y: floor - tall, height: tall, rx: 1.5,
      });
      drawn(rect, 'title', {}, `${duration(bandEdge(band))} to ${duration(bandEdge(band + 1))}: ${count(number)} (${(100 * number / all).toFixed(1)} %)`);
    }
    drawn(svg, 'line', { x1: left, x2: width - left, y1: floor, y2: floor });
    const every = Math.max(1, Math.ceil(58 / step));
    for (let band = first; band <= last + 1; band += every) {
      const x = left + (band - first) * step;
      drawn(svg, 'text', { x, y: height - 6, 'text-anchor': band === first ? 'start' : 'middle' }, duration(bandEdge(band)));
    }
  }

  const mixed = (from, to, share) => from.map((part, place) => Math.round(part + (to[place] - part) * share));
  function ramp() {
    const stops = [0, 1, 2, 3, 4].map((step) => colour(`heat-${step}`))
      .map((hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
    return (share) => {
      const at = Math.min(share, 0.9999) * 4;
      return `rgb(${mixed(stops[Math.floor(at)], stops[Math.floor(at) + 1], at % 1).join(' ')})`;
    };
  }

  const heatView = { canvas: null };
  function heat() {
    const place = element('chart-heat');
    const latencies = data.latencies[shown];
    const columns = latencies.heat.map(pairs);
    const used = columns.flat().map(([band]) => band);
    tools(place);
    place.replaceChildren();
    if (!used.length) return;
    const low = used.reduce((one, other) => Math.min(one, other));
    const high = used.reduce((one, other) => Math.max(one, other)) + 1;
    const [width, height, left, bottom, top] = [Math.max(place.clientWidth, 200), 260, 58, 24, 6];
    const canvas = document.createElement('canvas');
    const scale = devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `Heat map of response times of ${latencies.name} over the run, from ${duration(bandEdge(low))} to ${duration(bandEdge(high))}`);
    place.append(canvas);
    const ctx = canvas.getContext('2d');
    ctx.scale(scale, scale);
    const [wide, tall] = [(width - left - 4) / columns.length, (height - bottom - top) / (high - low)];
    const shade = ramp();
    columns.forEach((column, index) => {
      const most = column.reduce((one, [, number]) => Math.max(one, number), 1);
      for (const [band, number] of column) {
        // Rare ones have to be seen: they are what the map is for.
        ctx.fillStyle = shade(0.12 + 0.88 * Math.sqrt(number / most));
        ctx.fillRect(left + index * wide, height - bottom - (band - low + 1) * tall, Math.ceil(wide * 2) / 2 + 0.3, Math.ceil(tall * 2) / 2 + 0.2);
      }
    });
    ctx.fillStyle = colour('soft');
    ctx.font = '11px system-ui, sans-serif';
    ctx.textAlign = 'right';
    ctx.textBaseline = 'middle';
    const stride = Math.max(1, Math.ceil(26 / tall));
    for (let band = low; band <= high; band += stride) {
      ctx.fillText(duration(bandEdge(band)), left - 6, height - bottom - (band - low) * tall);
    }
    ctx.textAlign = 'center';
    const step = latencies.heat_step_s;
    const every = Math.max(1, Math.ceil(70 / wide));
    for (let index = 0; index < columns.length; index += every) {
      ctx.fillText(clock(index * step), left + index * wide, height - 10);
    }
    canvas.addEventListener('pointermove', (event) => {
      const box = canvas.getBoundingClientRect();
      const index = Math.floor((event.clientX - box.left - left) / wide);
      const band = low + Math.floor((height - bottom - (event.clientY - box.top)) / tall);
      if (!columns[index] || band < low || band >= high) return report.hideTip();
      const number = columns[index].find(([one]) => one === band)?.[1] ?? 0;
      const span = step > 1 ? `${clock(index * step)} to ${clock((index + 1) * step)}` : clock(index);
      report.showTip(`${span}, ${duration(bandEdge(band))} to ${duration(bandEdge(band + 1))}: ${count(number)}`, event.clientX, event.clientY);
    });
    canvas.addEventListener('pointerleave', report.hideTip);
    heatView.canvas = canvas;
  }

  function show(index, spectrumEntry) {
    shown = index;
    element('latencies-of').textContent = index ? data.latencies[index].name : 'all names';
    element('latencies-name').value = String(index);
    for (const row of document.querySelectorAll('#names-table tr[data-name]')) {
      row.toggleAttribute('aria-current', Number(row.dataset.name) === index && index > 0);
    }
    spectrumEntry.draw();
    histogram();
    heat();
  }

  function drawAll() {
    if (!element('latencies')) return;
    const choice = element('latencies-name');
    data.latencies.forEach((latencies, index) => choice.append(new Option(latencies.name, index)));
    const entry = spectrum();
    histogram();
    heat();
    report.onTheme(() => { histogram(); heat(); });
    new ResizeObserver(() => {
      if (heatView.canvas && Math.abs(heatView.canvas.clientWidth - element('chart-heat').clientWidth) > 1) { histogram(); heat(); }
    }).observe(element('chart-heat'));
    choice.addEventListener('change', () => show(Number(choice.value), entry));
    for (const button of document.querySelectorAll('button[data-latencies]')) {
      button.addEventListener('click', () => {
        show(Number(button.dataset.latencies), entry);
        element('latencies').scrollIntoView();
      });
    }
  }

  // What share of the races ended how, by how much later the second side was sent.
  function offsets() {
    const place = element('offset-charts');
    data.races.forEach((race, index) => {
      const figure = document.createElement('figure');
      figure.className = 'chart';
      const caption = document.createElement('figcaption');
      caption.textContent = race.name;
      const plot = document.createElement('div');
      plot.className = 'plot';
      plot.id = `chart-offsets-${index}`;
      figure.append(caption, plot);
      place.append(figure);
      const share = (field) => race.offsets.map((bin) => 100 * bin[field] / bin.count);
      const line = (label, field, stroke, dash) => ({ label, stroke: colour(stroke), dash, width: 2, scale: 'percent', values: share(field), value: (_, value) => percent(value) });
      chart(plot.id, () => {
        const lines = [
          line(`only ${race.sides[0]} won`, 'first_won', 'line-2'), line(`only ${race.sides[1]} won`, 'second_won', 'line-6'),
          line('both won', 'both_won', 'success', [6, 3]), line('neither won', 'neither_won', 'unknown', [6, 3]),
          line('with a conflict', 'conflicts', 'conflict', [2, 3]), line('rule broken', 'broken', 'failed'),
        ].filter((one) => one.values.some((value) => value > 0));
        return {
          values: [race.offsets.map((bin) => bin.offset_us), ...lines.map((one) => one.values)],
          options: {
            cursor: { drag: { x: true, y: false }, y: false },
            scales: { x: { time: false }, percent: { range: [0, 100] } },
            axes: [axis({ label: 'offset', size: 28, values: (_, splits) => splits.map((us) => `${us < 0 ? '−' : ''}${roundDuration(Math.abs(us))}`) }), axis({ label: 'of the races', scale: 'percent', size: 56, values: (_, splits) => splits.map(percent) })],
            series: [{ label: 'offset', value: (_, value) => value === null ? '–' : `${Math.round(value)} µs` }, ...lines.map(({ values, ...series }) => series)],
          },
        };
      });
    });
  }

  function rounds() {
    const { time_s: time, stock, demand, granted } = data.rounds;
    if (!element('chart-rounds')) return;
    const line = (label, values, stroke, dash) => ({ label, values, stroke: colour(stroke), dash, width: 1.5, scale: 'rate' });
    chart('chart-rounds', () => {
      const lines = [line('stock', stock, 'soft', [5, 4]), line('asked for', demand, 'line-2'), line('granted', granted, 'line-6')];
      return {
        values: [time, ...lines.map((one) => one.values)],
        options: {
          cursor: { y: false },
          scales: { x: { time: false }, rate: fromZero },
          axes: [axis({ size: 28, values: (_, splits) => splits.map(clock) }), rateAxis('pieces')],
          series: [{ label: 'time', value: (_, value) => value === null ? '–' : clock(value) }, ...lines.map(({ values, ...series }) => series)],
        },
      };
    });
  }

  // Observed figures have moments of their own: they go on after the load.
  function observed(id, unit, { time_s: time, lines }) {
    if (!element(id)) return;
    chart(id, () => ({
      values: [time, ...lines.map((line) => line.values)],
      options: {
        cursor: { y: false },
        scales: { x: { time: false }, rate: fromZero },
        axes: [axis({ size: 28, values: (_, splits) => splits.map(clock) }), rateAxis(unit)],
        series: [
          { label: 'time', value: (_, value) => value === null ? '–' : clock(value) },
          ...lines.map((line, index) => ({
            label: line.label, scale: 'rate', width: 1.8, spanGaps: true, points: { show: time.length < 3 }, stroke: colour(palette[index % palette.length]),
            value: (_, value) => value === null || value === undefined ? '–' : report.rate(value),
          })),
        ],
      },
    }));
  }
  function backEnd() {
    observed('chart-backlog', 'events', data.observed.backlog);
    observed('chart-broker', 'operations/s', data.observed.broker);
  }

  return { drawAll, offsets, rounds, backEnd };
})();
