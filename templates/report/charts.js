// Charts over time (uPlot): they share cursor and zoom, mark spawning and the moments worth a look.
'use strict';

report.charts = (() => {
  const { data, element, colour, rate, roundRate, duration, clock, percent } = report;
  const { axis, allOf, logRange, logSplits, durations, fromZero, chart } = report.plots;
  const run = data.over_time;
  const sync = uPlot.sync('run');

  // Widths of the axes, the same in all charts over time so that their moments lie below each other.
  const [LEFT, RIGHT] = [62, 46];

  // Hatched while users were still being started.
  const spawning = {
    hooks: {
      drawClear: [(plot) => {
        const { ctx, bbox } = plot;
        const end = Math.min(plot.valToPos(run.spawning_s, 'x', true), bbox.left + bbox.width);
        if (run.spawning_s <= 0 || end <= bbox.left) return;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, bbox.top, end - bbox.left, bbox.height);
        ctx.clip();
        ctx.setLineDash([]);
        ctx.lineCap = 'butt';
        ctx.strokeStyle = colour('hatch');
        ctx.lineWidth = 3 * devicePixelRatio;
        for (let x = bbox.left - bbox.height; x < end; x += 9 * devicePixelRatio) {
          ctx.beginPath();
          ctx.moveTo(x, bbox.top + bbox.height);
          ctx.lineTo(x + bbox.height, bbox.top);
          ctx.stroke();
        }
        ctx.restore();
      }],
    },
  };

  // A flag where something happened, and a bar for as long as it lasted.
  const flags = {
    hooks: {
      draw: [(plot) => {
        const { ctx, bbox } = plot;
        const colours = {
          violation: colour('failed'), threshold: colour('conflict'), reconnects: colour('refused'), stall: colour('unknown'),
          spike: colour('line-6'), back: colour('good'),
        };
        ctx.save();
        for (const moment of run.moments) {
          const right = bbox.left + bbox.width;
          const x = plot.valToPos(moment.at_s, 'x', true);
          const until = Math.min(plot.valToPos(moment.until_s, 'x', true), right);
          if (until < bbox.left || x > right) continue;
          const size = 5 * devicePixelRatio;
          ctx.fillStyle = ctx.strokeStyle = colours[moment.kind];
          ctx.globalAlpha = 0.35;
          ctx.fillRect(x - devicePixelRatio / 2, bbox.top, devicePixelRatio, bbox.height);
          ctx.globalAlpha = 1;
          const from = Math.max(x, bbox.left);
          ctx.fillRect(from, bbox.top - size, until - from, 2 * devicePixelRatio);
          if (x < bbox.left) continue;
          ctx.beginPath();
          ctx.moveTo(x - size, bbox.top - size);
          ctx.lineTo(x + size, bbox.top - size);
          ctx.lineTo(x, bbox.top + size);
          ctx.fill();
        }
        ctx.restore();
      }],
    },
  };

  const timeAxis = () => axis({ values: (_, splits) => splits.map(clock), space: 70, size: 28, grid: { show: false } });

  const timed = [];
  let zooming = false;
  // Only then do changes of a scale come from a reader.
  let isDrawn = false;
  const wholeTime = element('whole-time');
  const [firstS, lastS] = [0, run.time_s.at(-1) ?? 1];

  function zoomAll(min, max) {
    zooming = true;
    timed.forEach((entry) => entry.plot?.setScale('x', { min, max }));
    zooming = false;
    wholeTime.disabled = min <= firstS && max >= lastS;
    report.address.setSpan(wholeTime.disabled ? null : [min, max]);
  }
  const unzoom = () => zoomAll(firstS, lastS);

  function timeChart(id, { height, padding, plugins, scales, axes, lines }) {
    const entry = chart(id, () => {
      const made = lines();
      return {
        height,
        plugins: [spawning, ...(plugins ?? [])],
        values: [run.time_s, ...made.map((line) => line.values)],
        options: {
          padding: padding ?? [10, 20, 0, 0],
          cursor: { sync: { key: sync.key, setSeries: false }, drag: { x: true, y: false }, y: false },
          scales: { x: { time: false, range: (_, min, max) => [min === run.time_s[0] ? firstS : min, max] }, ...scales() },
          axes: [timeAxis(), ...axes()],
          series: [
            { label: 'time', value: (_, value) => value === null ? '–' : clock(value) },
            ...made.map(({ values, ...series }) => ({ width: 1.5, points: { show: run.time_s.length < 3 }, ...series })),
          ],
          hooks: {
            setScale: [(plot, key) => {
              if (key === 'x' && !zooming && isDrawn) zoomAll(plot.scales.x.min, plot.scales.x.max);
            }],
          },
        },
      };
    }, { unzoom });
    if (entry) timed.push(entry);
  }

  const rates = { scale: 'rate', value: (_, value) => value === null ? '–' : `${rate(value)}/s` };
  const rateAxis = (label) => axis({ label, scale: 'rate', values: (_, splits) => splits.map(roundRate), size: LEFT });

  function throughput() {
    timeChart('chart-throughput', {
      plugins: [flags],
      padding: [10, 8, 0, 0],
      scales: () => ({ rate: fromZero, users: fromZero }),
      axes: () => [rateAxis('requests/s'), axis({ label: 'users', scale: 'users', side: 1, grid: { show: false }, size: RIGHT, values: (_, splits) => splits.map(roundRate) })],
      lines: () => [
        { label: 'all requests', ...rates, stroke: colour('ink'), width: 1.8, values: run.requests_per_s },
        ...run.outcomes.map((line) => ({
          label: line.label, ...rates, stroke: colour(line.label), values: line.values,
          fill: line.label === 'success' ? `color-mix(in srgb, ${colour('success')} 16%, transparent)` : undefined,
        })),
        { label: 'users', scale: 'users', stroke: colour('soft'), dash: [5, 4], values: run.users,
          paths: uPlot.paths.stepped({ align: 1 }), value: (_, value) => value === null || value === undefined ? '–' : report.count(value) },
      ],
    });
  }

  function latency() {
    const log = element('log-latency');
    const looks = {
      'response p50': ['line-1'], 'response p95': ['line-2'], 'response p99': ['line-3'], 'response max': ['line-4'],
      'service p50': ['line-5', [6, 3]], 'service p95': ['line-6', [6, 3]], 'service p99': ['line-7', [6, 3]],
      'lag p50': ['line-8', [2, 3]], 'lag p99': ['line-9', [2, 3]],
    };
    const atFirst = ['response p50', 'response p95', 'response p99', 'service p99', 'lag p99'];
    timeChart('chart-latency', {
      height: 280,
      plugins: [flags],
      padding: [10, RIGHT + 26, 0, 0],
      scales: () => ({
        us: log.checked
          ? { distr: 3, range: logRange }
          : fromZero,
      }),
      axes: () => [axis({
        label: 'time', scale: 'us', size: LEFT, values: durations, filter: allOf, splits: log.checked ? logSplits : undefined,
      })],
      lines: () => run.latencies.map((line) => ({
        label: line.label, scale: 'us', stroke: colour(looks[line.label][0]), dash: looks[line.label][1],
        show: atFirst.includes(line.label), spanGaps: true,
        value: (_, value) => duration(value),
        // Zero means that nothing was measured, and a logarithm has none.
        values: line.values.map((value) => value || null),
      })),
    });
    const entry = timed.at(-1);
    log.addEventListener('change', () => entry.draw());
  }

  const palette = ['line-2', 'line-6', 'conflict', 'refused', 'failed', 'unknown', 'line-3', 'line-7'];
  function simple(id, lines, series, scales, axes) {
    if (!lines.length) return;
    const place = element(id);
    if (place) place.closest('figure').hidden = false;
    timeChart(id, {
      scales: () => scales,
      axes,
      lines: () => lines.map((line, index) => ({
        label: line.label, ...series, stroke: colour(palette[index % palette.length]), values: line.values,
        dash: /waiting$|waited$/.test(line.label) ? [3, 3] : undefined,
      })),
    });
  }

  function moments() {
    if (!run.moments.length) return;
    const place = element('moments');
    place.hidden = false;
    const list = place.querySelector('ol');
    for (const moment of run.moments) {
      const item = document.createElement('li');
      const button = document.createElement('button');
      button.type = 'button';
      button.className = moment.kind;
      button.textContent = `${clock(moment.at_s)} ${moment.text}`;
      button.addEventListener('click', () => {
        zoomAll(Math.max(firstS, moment.at_s - 10), Math.min(lastS, moment.at_s + 10));
        report.address.setSection('over-time');
        element('over-time').scrollIntoView();
      });
      item.append(button);
      list.append(item);
    }
  }

  function drawAll() {
    if (!run.time_s.length) return;
    throughput();
    latency();
    simple('chart-events', run.events, rates, { rate: fromZero }, () => [rateAxis('events/s')]);
    const share = { scale: 'percent', value: (_, value) => percent(value) };
    const shareAxis = () => [axis({ label: 'of a second', scale: 'percent', values: (_, splits) => splits.map(percent), size: LEFT })];
    simple('chart-cores', run.cores, share, { percent: { range: [0, 100] } }, shareAxis);
    const time = { scale: 'us', value: (_, value) => value === null ? '–' : duration(value) };
    const timeAxis = () => [axis({ label: 'time', scale: 'us', values: durations, size: LEFT })];
    simple('chart-lateness', run.lateness, time, { us: fromZero }, timeAxis);
    simple('chart-connections', run.connections, rates, { rate: fromZero }, () => [rateAxis('connections/s')]);
    moments();
    wholeTime.addEventListener('click', unzoom);
    isDrawn = true;
    const look = (span) => zoomAll(Math.max(firstS, span[0]), Math.min(lastS, span[1]));
    report.address.onSpan(look);
    if (report.address.read().span) look(report.address.read().span);
  }

  return { palette, drawAll, rateAxis };
})();
