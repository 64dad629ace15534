// Charts of a hunt: what was carried, how long it took and what stayed behind, by load.
'use strict';

(() => {
  const { data, element, colour, rate, roundRate, duration } = report;
  const { axis, allOf, logRange, logSplits, logSplitsAcross, durations, fromZero, chart, told } = report.plots;

  // The spans between sustained and not sustained, in the colours of doubt.
  const bands = (spans) => ({
    hooks: {
      drawClear: [(plot) => {
        const { ctx, bbox } = plot;
        spans.forEach(([low, high]) => {
          if (low === null || high === null) return;
          const left = Math.max(plot.valToPos(low, 'x', true), bbox.left);
          const right = Math.min(Math.max(plot.valToPos(high, 'x', true), left + 3), bbox.left + bbox.width);
          if (right <= left) return;
          ctx.save();
          ctx.globalAlpha = 0.25;
          ctx.fillStyle = colour('doubt');
          ctx.fillRect(left, bbox.top, right - left, bbox.height);
          ctx.restore();
        });
      }],
    },
  });

  const known = (values) => values.some((value) => value !== null && value !== undefined);

  // Points over a load or over requests in flight: `x` says what, `heading` what a place is called.
  function points(id, { xs, x, y, lines, spans = [], heading }) {
    if (!element(id) || !xs.length) return;
    const isLogarithmic = xs[0] > 0 && xs.at(-1) / xs[0] > 20;
    const shown = lines.filter(({ values }) => known(values));
    chart(id, () => ({
      height: 260,
      values: [xs, ...shown.map(({ values }) => values)],
      // Loads that were tried again have several probes.
      plugins: [bands(spans), told((plot, idx) => xs.flatMap((at, place) => at !== xs[idx] ? [] : [
        heading(place),
        ...shown.flatMap(({ label, values }, line) => (
          known([values[place]]) && plot.series[line + 1].show ? [`${label} ${y.text(values[place])}`] : []
        )),
      ]).join('\n'))],
      options: {
        padding: [10, 20, 0, 0],
        cursor: { drag: { x: true, y: false }, y: false },
        scales: {
          x: isLogarithmic
            ? { time: false, distr: 3, range: (_, low, high) => logRange(null, low * 0.95, high * 1.05) }
            : { time: false, range: (_, low, high) => [low - (high - low) * 0.05, high + ((high - low) * 0.05 || 1)] },
          y: y.scale,
        },
        axes: [
          axis({ label: x.label, size: 28, values: (_, splits) => splits.map(roundRate), ...(isLogarithmic ? { filter: allOf, splits: logSplitsAcross } : {}) }),
          axis({ label: y.label, scale: 'y', size: 62, ...y.axis }),
        ],
        series: [
          { label: x.label, value: (_, value) => rate(value) },
          ...shown.map(({ label, tone, isLine }) => ({
            label, scale: 'y', stroke: colour(tone), width: isLine ? 2 : 0, spanGaps: true,
            value: (_, value) => y.text(value),
            paths: isLine ? undefined : () => null,
            points: { show: !isLine, size: 8, fill: colour(tone), stroke: colour(tone) },
          })),
        ],
      },
    }));
  }

  const rates = (unit) => ({
    label: unit, text: (value) => value === null || value === undefined ? '–' : `${rate(value)} ${unit}`,
    scale: fromZero, axis: { values: (_, splits) => splits.map(roundRate) },
  });
  const times = {
    label: 'response time', text: duration,
    scale: { distr: 3, range: logRange }, axis: { values: durations, filter: allOf, splits: logSplits },
  };
  const growing = { ...rates('events/s'), scale: { range: (_, low, high) => [Math.min(0, low * 1.08), Math.max(high * 1.08, 1)] } };

  const { probes } = data;
  const xs = probes.map((probe) => probe.load);
  const of = (field) => probes.map((probe) => probe[field]);
  const load = { label: `load, ${data.unit}` };
  const heading = (idx) => {
    const { number, load: at, sustained } = probes[idx];
    return `probe ${number}, ${rate(at)} ${data.unit}, ${sustained ? 'sustained' : 'not sustained'}`;
  };
  const byLoad = { xs, x: load, heading, spans: [data.http, data.pipeline, data.events] };
  points('throughput', {
    ...byLoad, y: rates('requests/s'),
    lines: [
      { label: 'offered', tone: 'unknown', values: of('offered_per_s') },
      { label: 'carried', tone: 'line-2', values: of('requests_per_s') },
    ],
  });
  points('latency', {
    ...byLoad, y: times,
    lines: [
      { label: 'p50', tone: 'good', values: of('p50_us').map((us) => us || null) },
      { label: 'p99', tone: 'line-6', values: of('p99_us').map((us) => us || null) },
    ],
  });
  points('growth', { ...byLoad, spans: [data.pipeline], y: growing, lines: [{ label: 'growth', tone: 'line-6', values: of('growth_per_s') }] });

  const tones = ['line-6', 'good', 'line-2', 'unknown'];
  points('events', {
    ...byLoad, spans: [data.events], y: { ...times, label: 'after the reply' },
    lines: data.event_slos.map((label, place) => ({
      label, tone: tones[place % tones.length], values: probes.map((probe) => probe.events_us[place] || null),
    })),
  });

  // A place is where a probe was, or where the law was asked.
  const inFlight = probes.filter((probe) => probe.concurrency > 0);
  const measured = new Map(inFlight.map((probe) => [probe.concurrency, probe]));
  const law = new Map(data.curve[0].map((at, place) => [at, data.curve[1][place]]));
  const flights = [...new Set([...measured.keys(), ...law.keys()])].sort((one, other) => one - other);
  points('scalability', {
    xs: flights, x: { label: 'requests in flight' }, y: rates('requests/s'),
    heading: (idx) => {
      const probe = measured.get(flights[idx]);
      return `${probe ? `probe ${probe.number}, ` : ''}${rate(flights[idx])} in flight`;
    },
    lines: [
      { label: 'the law', tone: 'unknown', isLine: true, values: flights.map((at) => law.get(at) ?? null) },
      { label: 'probes', tone: 'line-2', values: flights.map((at) => measured.get(at)?.requests_per_s ?? null) },
    ],
  });

  report.ready();
})();
