/** Draws `growth.svg`: a small chart for each figure, its values at each size of the trail. */
import { FIGURES, type Figure } from '../figure.ts';
import { load } from '../peer/load.ts';
import type { Results } from '../result.ts';
import { millions } from '../show.ts';
import { find, targetText } from './table.ts';

type Echarts = {
  readonly init: (dom: null, theme: null, options: object) => Chart;
};
type Chart = {
  readonly setOption: (option: object) => void;
  readonly renderToSVGString: () => string;
  readonly dispose: () => void;
};

const TITLE = 'What each figure becomes as the trail grows';
const COLUMNS = 3;
const PANEL = { width: 390, height: 190, top: 56, left: 52, right: 18, bottom: 26 };
const HEAD = 44;
const INK = '#1f2937';
const QUIET = '#6b7280';
const COLOURS: Readonly<Record<string, string>> = {
  value: '#2563eb',
  p50: '#2563eb',
  p95: '#ea7317',
  p99: '#ea7317',
};
const NAMES: Readonly<Record<string, string>> = { value: 'measured', p50: 'median' };

export async function drawGrowth(all: readonly Results[]): Promise<string> {
  const { init } = await load<Echarts>('echarts');
  // What was measured at one size alone shows no growth.
  const sizes = (id: string) => all.filter((results) => find(results, id)?.values).length;
  const figures = FIGURES.filter(({ id }) => sizes(id) > Math.min(1, all.length - 1));
  const rows = Math.ceil(figures.length / COLUMNS);
  const width = COLUMNS * PANEL.width;
  const height = HEAD + rows * PANEL.height;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  const panels = figures.map((figure, i) => panelOf(figure, i, all));
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'system-ui, sans-serif', color: INK },
    title: [head(), ...panels.map(({ title }) => title)],
    grid: panels.map(({ grid }) => grid),
    xAxis: panels.map(({ xAxis }) => xAxis),
    yAxis: panels.map(({ yAxis }) => yAxis),
    series: panels.flatMap(({ series }) => series),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg.replace('>', `><title>${TITLE}</title>`)}\n`;
}

function head(): object {
  return {
    text: TITLE,
    subtext:
      'Blue: the median, or what was measured. Orange: the 95th or 99th percentile. ' +
      'Dashed: the target, where it is near. Across: events in the trail.',
    left: 12,
    top: 4,
    itemGap: 3,
    textStyle: { fontSize: 15, color: INK },
    subtextStyle: { fontSize: 11, color: QUIET },
  };
}

function panelOf(figure: Figure, i: number, all: readonly Results[]) {
  const x = (i % COLUMNS) * PANEL.width;
  const y = HEAD + Math.floor(i / COLUMNS) * PANEL.height;
  const lines = figure.shows.map((name) => ({ name, points: pointsOf(figure, name, all) }));
  return {
    title: titleOf(figure, x, y),
    grid: {
      left: x + PANEL.left,
      top: y + PANEL.top,
      width: PANEL.width - PANEL.left - PANEL.right,
      height: PANEL.height - PANEL.top - PANEL.bottom,
    },
    xAxis: {
      gridIndex: i,
      type: 'category',
      data: all.map(({ events }) => millions(events)),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: '#d1d5db' } },
      axisLabel: { fontSize: 10, color: QUIET },
    },
    yAxis: {
      gridIndex: i,
      type: 'value',
      min: 0,
      splitNumber: 3,
      splitLine: { lineStyle: { color: '#eef0f3' } },
      axisLabel: { fontSize: 10, color: QUIET, formatter: brief },
    },
    series: lines.map((line, at) => ({
      ...seriesOf(line, i),
      ...(at === 0
        ? {
            markLine: targetLine(
              figure,
              lines.flatMap(({ points }) => points),
            ),
          }
        : {}),
    })),
  };
}

function titleOf({ what, unit, ...figure }: Figure, x: number, y: number): object {
  const target = targetText({ what, unit, ...figure });
  return {
    text: what.replace(/^search: /, ''),
    subtext: `${unit === '/s' ? 'a second' : unit}${target === '' ? '' : ` · target ${target}`}`,
    left: x + 12,
    top: y + 10,
    itemGap: 3,
    textStyle: {
      fontSize: 12,
      fontWeight: 600,
      color: INK,
      width: PANEL.width - 24,
      overflow: 'truncate',
    },
    subtextStyle: { fontSize: 10, color: QUIET },
  };
}

type Line = { readonly name: string; readonly points: readonly (number | null)[] };

function seriesOf({ name, points }: Line, i: number): object {
  const color = COLOURS[name] ?? QUIET;
  return {
    name: NAMES[name] ?? name,
    type: 'line',
    ...{ xAxisIndex: i, yAxisIndex: i, data: points },
    symbol: 'circle',
    symbolSize: 6,
    lineStyle: { color, width: 2 },
    itemStyle: { color },
  };
}

function pointsOf({ id }: Figure, name: string, all: readonly Results[]): (number | null)[] {
  return all.map((results) => find(results, id)?.values?.[name] ?? null);
}

/** A limit far beyond everything measured would press the line flat: it stands in the words. */
function targetLine({ targets }: Figure, points: readonly (number | null)[]): object {
  const highest = Math.max(...points.map((point) => point ?? 0));
  const near = targets.filter(({ limit }) => limit <= highest * 1.5);
  return {
    silent: true,
    symbol: 'none',
    label: { show: false },
    lineStyle: { type: 'dashed', color: '#9ca3af' },
    data: near.map(({ limit }) => ({ yAxis: limit })),
  };
}

/** `40k` */
function brief(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(3)));
}
