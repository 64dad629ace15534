// What all charts share: axes with titles, logarithms, legends that a keyboard can switch, zoom and the
// way back, values beside the cursor, and pictures to keep.
'use strict';

report.plots = (() => {
  const { element, colour, roundDuration } = report;
  const FONT = '11px system-ui, sans-serif';
  const SVG = 'http://www.w3.org/2000/svg';

  function drawn(parent, name, attributes, text) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    parent.append(node);
    return node;
  }

  const axis = (more) => ({
    stroke: colour('soft'),
    font: FONT,
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1, size: 4 },
    labelFont: FONT,
    labelSize: 16,
    labelGap: 2,
    ...more,
  });

  // From 1, 2 or 5 times a power of ten to another one.
  function logRange(_, min, max) {
    const round = (value, up) => {
      const power = 10 ** Math.floor(Math.log10(value));
      const steps = [1, 2, 5, 10].map((step) => step * power);
      return up ? steps.find((step) => step >= value * 0.999) : steps.findLast((step) => step <= value * 1.001);
    };
    const [low, high] = [round(min || 1, false), round(max || 10, true)];
    return low < high ? [low, high] : [low, low * 2];
  }
  // Powers of ten, and 2 and 5 times them when there are few.
  function logSplits(_, __, min, max) {
    const first = Math.floor(Math.log10(min));
    const decades = Math.log10(max / min);
    const steps = decades > 3 ? [1] : decades > 1.2 ? [1, 5] : [1, 2, 5];
    const splits = [];
    for (let power = first; power <= Math.ceil(Math.log10(max)); power += 1) {
      splits.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(12))));
    }
    return splits.filter((split) => split >= min * 0.999 && split <= max * 1.001);
  }
  // Labels below each other have room, labels beside each other may not.
  const isCrowded = (plot, splits) => splits.length * 54 > plot.width - 90;
  function logSplitsAcross(plot, _, min, max) {
    const splits = logSplits(plot, _, min, max);
    const tens = splits.filter((split) => Number.isInteger(Math.log10(split)));
    return isCrowded(plot, splits) && tens.length ? tens : splits;
  }
  // Each step to the right is ten times rarer: half of all, one in ten, one in a hundred.
  function percentileSplits(plot, _, min, max) {
    const splits = [2, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((value) => value >= min * 0.999 && value <= max * 1.001);
    return isCrowded(plot, splits) ? splits.filter((__, place) => place % 2 === 0) : splits;
  }
  // uPlot leaves labels out of logarithmic axes; these splits are few enough.
  const allOf = (_, splits) => splits;
  const durations = (_, splits) => splits.map(roundDuration);
  const fromZero = { range: (_, min, max) => [0, Math.max(max * 1.05, 1)] };

  // A legend that a keyboard can switch.
  const reachable = {
    hooks: {
      ready: [(plot) => {
        const rows = [...plot.root.querySelectorAll('.u-legend .u-series')].slice(1);
        rows.forEach((row, index) => {
          const name = row.querySelector('th');
          name.tabIndex = 0;
          name.setAttribute('role', 'switch');
          const tell = () => name.setAttribute('aria-checked', String(plot.series[index + 1].show));
          name.addEventListener('click', () => setTimeout(tell));
          name.addEventListener('keydown', (event) => {
            if (event.key !== 'Enter' && event.key !== ' ') return;
            event.preventDefault();
            plot.setSeries(index + 1, { show: !plot.series[index + 1].show });
            tell();
          });
          tell();
        });
      }],
    },
  };

  // What a chart's figure has beside its caption: the way back from a zoom, and a picture to keep.
  function tools(place) {
    const figure = place.closest('figure');
    const caption = figure.querySelector('figcaption');
    if (caption.querySelector('.chart-tools')) return figure.chartTools;
    const title = document.createElement('span');
    title.append(...caption.childNodes);
    const bar = document.createElement('span');
    bar.className = 'chart-tools';
    const button = (text, kind, path) => {
      const made = document.createElement('button');
      made.type = 'button';
      made.className = `quiet ${kind}`;
      made.title = text;
      made.setAttribute('aria-label', `${text}: ${title.textContent}`);
      drawn(drawn(made, 'svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' }), 'path', { d: path });
      bar.append(made);
      return made;
    };
    const whole = button('Show all again', 'whole', 'M6 2H2v4M10 2h4v4M6 14H2v-4M10 14h4v-4');
    whole.hidden = true;
    const save = button('Save picture', 'save', 'M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11');
    caption.append(title, bar);
    figure.chartTools = { figure, title, whole };
    save.addEventListener('click', () => savePicture(figure));
    return figure.chartTools;
  }

  // Draws a chart, and draws it again when theme or width change; zoom and switched lines stay. `make`
  // gives uPlot's options and data, with the colours of the moment; `unzoom` has the way back taken.
  function chart(id, make, { unzoom } = {}) {
    const place = element(id);
    if (!place) return null;
    const { figure, whole } = tools(place);
    const entry = { plot: null, hidden: new Map(), draw: null, whole: null };
    const isZoomed = ({ scales }) => scales.x.min > entry.whole[0] || scales.x.max < entry.whole[1];
    const follow = {
      hooks: {
        setScale: [(plot, key) => {
          if (key === 'x') whole.hidden = !isZoomed(plot);
        }],
      },
    };
    const draw = () => {
      const kept = entry.plot && isZoomed(entry.plot) ? { min: entry.plot.scales.x.min, max: entry.plot.scales.x.max } : null;
      entry.plot?.series.forEach((series) => entry.hidden.set(series.label, series.show));
      entry.plot?.destroy();
      place.querySelector('.uplot')?.remove();
      const made = make();
      const [first, last] = [made.values[0][0] ?? 0, made.values[0].at(-1) ?? 1];
      entry.whole = made.options.scales.x.range?.(null, first, last) ?? [first, last];
      made.options.series.forEach((series) => {
        if (entry.hidden.has(series.label)) series.show = entry.hidden.get(series.label);
      });
      const options = {
        width: Math.max(place.clientWidth, 200),
        height: made.height ?? 210,
        padding: [10, 20, 0, 0],
        ...made.options,
        plugins: [reachable, follow, ...(made.plugins ?? [])],
      };
      entry.plot = new uPlot(options, made.values, place);
      const canvas = entry.plot.root.querySelector('canvas');
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', place.dataset.label ?? figure.chartTools.title.textContent);
      figure.keys = made.keys ?? (() => entry.plot.series.slice(1).filter((series) => series.show && series.label).map(({ label, dash }, index) => ({ label, dash, colour: made.options.series.find((one) => one.label === label)?.stroke ?? colour('ink'), index })));
      if (kept) entry.plot.setScale('x', kept);
    };
    entry.draw = draw;
    draw();
    whole.addEventListener('click', () => {
      if (unzoom) unzoom();
      else entry.plot.setScale('x', { min: entry.whole[0], max: entry.whole[1] });
    });
    report.onTheme(draw);
    new ResizeObserver(() => {
      const width = Math.max(place.clientWidth, 200);
      if (entry.plot.width !== width) entry.plot.setSize({ width, height: entry.plot.height });
    }).observe(place);
    return entry;
  }

  // Tells, beside the cursor, what `tell` says of the place that it points at: lines of a text.
  const told = (tell) => ({
    hooks: {
      setCursor: [(plot) => {
        const { left, top, idx } = plot.cursor;
        const text = left >= 0 && idx !== null && idx !== undefined ? tell(plot, idx, top) : '';
        if (!text) return report.hideTip();
        const box = plot.over.getBoundingClientRect();
        report.showTip(text, box.left + left, box.top + top);
      }],
    },
  });

  // The index next to `idx` where a line has a value; lines of different runs have different moments.
  function nearestTold(values, idx) {
    for (let away = 0; away < 6; away += 1) {
      for (const at of [idx - away, idx + away]) {
        if (values[at] !== null && values[at] !== undefined) return at;
      }
    }
    return null;
  }
  // The line that is nearest to the cursor: what `name` calls it, and its place.
  function nearestLine(plot, idx, top) {
    let best = null;
    for (let line = 1; line < plot.series.length; line += 1) {
      const at = nearestTold(plot.data[line], idx);
      if (at === null || !plot.series[line].show) continue;
      const away = Math.abs(plot.valToPos(plot.data[line][at], plot.series[line].scale) - top);
      if (!best || away < best.away) best = { away, line, at, label: plot.series[line].label, x: plot.data[0][at], y: plot.data[line][at] };
    }
    return best;
  }

  // An SVG as an image, with the styles that it is shown with.
  async function rendered(svg) {
    const copy = svg.cloneNode(true);
    const from = [svg, ...svg.querySelectorAll('*')];
    [copy, ...copy.querySelectorAll('*')].forEach((node, place) => {
      const style = getComputedStyle(from[place]);
      for (const name of ['fill', 'stroke', 'font-size', 'font-family', 'font-weight']) node.style.setProperty(name, style.getPropertyValue(name));
    });
    const { width, height } = svg.getBoundingClientRect();
    copy.setAttribute('xmlns', SVG);
    copy.setAttribute('width', width);
    copy.setAttribute('height', height);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();
    return { image, width, height };
  }

  // The chart of a figure with its title, its lines' names and whose it is.
  async function picture(figure) {
    const svg = figure.querySelector('.plot > svg');
    const canvas = figure.querySelector('.plot canvas');
    const { image, width, height } = svg
      ? await rendered(svg)
      : { image: canvas, width: canvas.getBoundingClientRect().width, height: canvas.getBoundingClientRect().height };
    const scale = Math.max(devicePixelRatio || 1, 2);
    const [edge, line] = [14, 18];
    const made = document.createElement('canvas');
    const ctx = made.getContext('2d');
    const set = (font, fill) => { ctx.font = font; ctx.fillStyle = fill; ctx.textBaseline = 'middle'; };
    // Names of lines flow from row to row.
    ctx.font = FONT;
    let [x, row] = [0, 0];
    const keys = (figure.keys?.() ?? []).map((key) => {
      const wide = 28 + ctx.measureText(key.label).width + 16;
      if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
      const placed = { ...key, x, row };
      x += wide;
      return placed;
    });
    const rows = keys.length ? row + 1 : 0;
    const top = edge + line + 6;
    const whole = [width + 2 * edge, top + height + rows * line + line + 2 * edge];
    made.width = whole[0] * scale;
    made.height = whole[1] * scale;
    ctx.scale(scale, scale);
    ctx.fillStyle = colour('sheet');
    ctx.fillRect(0, 0, ...whole);
    set('600 14px system-ui, sans-serif', colour('ink'));
    ctx.fillText(figure.chartTools.title.textContent, edge, edge + line / 2, width);
    ctx.drawImage(image, edge, top, width, height);
    for (const key of keys) {
      const y = top + height + 8 + key.row * line + line / 2;
      ctx.strokeStyle = key.colour;
      ctx.lineWidth = 3;
      ctx.setLineDash(key.dash ?? []);
      ctx.beginPath();
      ctx.moveTo(edge + key.x, y);
      ctx.lineTo(edge + key.x + 22, y);
      ctx.stroke();
      set(FONT, colour('soft'));
      ctx.fillText(key.label, edge + key.x + 28, y);
    }
    set(FONT, colour('soft'));
    ctx.fillText(`shopblast · ${document.querySelector('.run').innerText.replace(/\s+/g, ' ').trim()}`, edge, whole[1] - edge - line / 2 + 6, width);
    return made;
  }

  async function savePicture(figure) {
    const made = await picture(figure);
    const blob = await new Promise((done) => made.toBlob(done, 'image/png'));
    const link = document.createElement('a');
    const name = figure.chartTools.title.textContent.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 60).replace(/^-+|-+$/g, '');
    link.download = `shopblast-${name}.png`;
    link.href = URL.createObjectURL(blob);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  return {
    drawn, axis, logRange, logSplits, logSplitsAcross, percentileSplits, allOf, durations, fromZero, tools, chart, told, nearestLine, picture,
  };
})();
