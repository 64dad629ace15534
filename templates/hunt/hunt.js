// Charts of a hunt: what was carried, how long it took and what stayed behind, by load.
'use strict';

(() => {
  const { data, element, colour, rate, roundDuration } = report;
  const SVG = 'http://www.w3.org/2000/svg';
  const axis = (more) => ({
    stroke: colour('soft'), font: '11px system-ui, sans-serif',
    grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1, size: 4 }, ...more,
  });

  function legend(place, series) {
    const list = document.createElement('div');
    list.className = 'legend';
    series.forEach(({ label, tone }) => {
      const item = document.createElement('span');
      const swatch = document.createElementNS(SVG, 'svg');
      swatch.setAttribute('width', 12);
      swatch.setAttribute('height', 10);
      swatch.setAttribute('aria-hidden', 'true');
      const dot = document.createElementNS(SVG, 'circle');
      for (const [key, value] of Object.entries({ cx: 6, cy: 5, r: 4, fill: colour(tone) })) dot.setAttribute(key, value);
      swatch.append(dot);
      item.append(swatch, label);
      list.append(item);
    });
    place.append(list);
  }

  // uPlot leaves labels of logarithmic axes out by itself, by digits that rounding may have changed.
  const all = (_, splits) => splits;
  // Its ticks are counted from the lowest value on.
  const oneDigit = (value) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return Math.floor(value / power) * power;
  };
  const plain = (value) => Number(value.toPrecision(12));
  const isRound = (value, digits) => new RegExp(`^[${digits}]e`).test(plain(value).toExponential());

  // The spans between sustained and not sustained, in the colours of doubt.
  const bands = (spans) => ({
    hooks: {
      drawClear: (plot) => {
        spans.forEach(([low, high]) => {
          if (low === null || high === null) return;
          const left = plot.valToPos(low, 'x', true);
          const right = Math.max(plot.valToPos(high, 'x', true), left + 3);
          plot.ctx.save();
          plot.ctx.globalAlpha = 0.25;
          plot.ctx.fillStyle = colour('doubt') || colour('slow');
          plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
          plot.ctx.restore();
        });
      },
    },
  });

  function chart(id, { xs, series, spans = [], yLog = false, yText, xText = (value) => rate(value), yFromZero = true }) {
    const place = element(id);
    if (!place) return null;
    let plot = null;
    return () => {
      plot?.destroy();
      place.replaceChildren();
      legend(place, series);
      if (!xs.length) return;
      const logarithmic = Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) > 20;
      const range = (low, high) => [logarithmic ? oneDigit(low * 0.9) : low * 0.9, high * 1.1];
      plot = new uPlot({
        width: Math.max(place.clientWidth, 200), height: 260, padding: [10, 12, 0, 0], legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        scales: {
          x: { time: false, distr: logarithmic ? 3 : 1, range: (_, low, high) => range(low, high) },
          y: yLog ? { distr: 3, range: (_, low, high) => [oneDigit((low || 1) * 0.8), (high || 10) * 1.25] }
            : { range: (_, low, high) => [yFromZero ? Math.min(0, low) : low, Math.max(high * 1.08, 1)] },
        },
        axes: [
          axis({ filter: all, values: (_, splits) => splits.map((value) => logarithmic && !isRound(value, '125') ? '' : xText(plain(value))) }),
          axis({ filter: all, size: 64, values: (_, splits) => splits.map((value) => yLog && !isRound(value, splits.length > 14 ? '1' : '125') ? '' : yText(plain(value))) }),
        ],
        series: [{}, ...series.map(({ tone, line }) => ({
          stroke: colour(tone), width: line ? 2 : 0, spanGaps: true,
          paths: line ? undefined : () => null,
          points: { show: !line, size: 8, fill: colour(tone), stroke: colour(tone) },
        }))],
        plugins: [bands(spans)],
      }, [xs, ...series.map((one) => one.ys)], place);
    };
  }

  const loads = data.probes.map((probe) => probe.load);
  const of = (field) => data.probes.map((probe) => probe[field]);
  const knees = [data.http, data.pipeline];
  const byFlight = [...data.probes].filter((probe) => probe.concurrency > 0).sort((one, other) => one.concurrency - other.concurrency);
  const flights = [...new Set([...byFlight.map((probe) => probe.concurrency), ...data.curve[0]])].sort((one, other) => one - other);
  const measured = new Map(byFlight.map((probe) => [probe.concurrency, probe.requests_per_s]));
  const law = new Map(data.curve[0].map((at, place) => [at, data.curve[1][place]]));
  const isOpen = data.probes.some((probe) => probe.offered_per_s !== null);
  const draws = [
    chart('throughput', {
      xs: loads, spans: knees, yText: rate,
      series: [
        ...(isOpen ? [{ label: 'offered', tone: 'offered', ys: of('offered_per_s') }] : []),
        { label: 'carried', tone: 'carried', ys: of('requests_per_s') },
      ],
    }),
    chart('latency', {
      xs: loads, spans: knees, yLog: true, yText: roundDuration,
      series: [
        { label: 'p50', tone: 'quick', ys: of('p50_us').map((us) => us || null) },
        { label: 'p99', tone: 'slow', ys: of('p99_us').map((us) => us || null) },
      ],
    }),
    chart('growth', { xs: loads, spans: [data.pipeline], yText: rate, series: [{ label: 'growth', tone: 'slow', ys: of('growth_per_s') }] }),
    chart('scalability', {
      xs: flights, yText: rate,
      series: [
        { label: 'the law', tone: 'offered', line: true, ys: flights.map((at) => law.get(at) ?? null) },
        { label: 'probes', tone: 'carried', ys: flights.map((at) => measured.get(at) ?? null) },
      ],
    }),
  ].filter(Boolean);
  const drawAll = () => draws.forEach((draw) => draw());

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
