// Asks the server every two seconds how it is, and shows the last five minutes.
import { draw } from './chart.js';
import { FIGURES, measure } from './figures.js';
import { parse } from './metrics.js';
import { partsOf, summary } from './parts.js';

const PAUSE = 2000;  // ms
const REFUSED_PAUSE = 60000;  // ms; for /metrics, where it was not to be had
const POINTS = 150;
const WINDOW = 5;  // rates and quantiles are taken over so many pauses

const texts = [];  // of /metrics, as {time, families}
const lines = new Map(FIGURES.flatMap((figure) => figure.lines).map((name) => [name, []]));
let refusal = { until: 0 };  // of /metrics

const element = (id) => document.getElementById(id);

/// A whole answer; undefined where there is none.
async function ask(path) {
    try {
        const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(10000) });
        const isJson = answer.headers.get('Content-Type')?.startsWith('application/json');
        return { status: answer.status, isJson, text: await answer.text() };
    } catch {
        return undefined;
    }
}

async function askHealth() {
    const answer = await ask('health');
    return answer && { body: answer.isJson ? JSON.parse(answer.text) : undefined };
}

/// The metrics, or why there are none.
async function askMetrics() {
    if (performance.now() < refusal.until) return refusal;
    const answer = await ask('metrics');
    if (answer?.status === 200) return { families: parse(answer.text) };
    if (!answer) return { problem: 'There are no figures: /metrics does not answer.' };
    const problem = answer.status === 403
        ? 'The figures are not for this address: /metrics answers 403.'
        : `There are no figures: /metrics answers ${answer.status}.`;
    refusal = { problem, until: performance.now() + REFUSED_PAUSE };
    return refusal;
}

function showParts(health, families) {
    element('summary').textContent = summary(health);
    element('summary').className = summary(health) === 'healthy' ? 'good' : 'bad';
    element('parts').replaceChildren(...partsOf(health, families).map(({ name, isGood, text }) => {
        const item = document.createElement('li');
        const label = document.createElement('span');
        label.className = 'name';
        label.textContent = name;
        item.className = isGood ? 'good' : 'bad';
        item.append(label, text);
        return item;
    }));
}

/// What happened between this text of metrics and the oldest that is kept.
function measureNow(families) {
    const time = performance.now();
    const [oldest] = texts;
    texts.push({ time, families });
    if (texts.length > WINDOW) texts.shift();
    return oldest ? measure(oldest.families, families, (time - oldest.time) / 1000) : {};
}

function addPoints(health, families) {
    const lag = health?.body?.feed_lag_ms;
    const values = {
        lag: lag === undefined ? undefined : lag / 1000,
        ...(families ? measureNow(families) : {}),
    };
    for (const [name, line] of lines) {
        line.push(values[name]);
        if (line.length > POINTS) line.shift();
    }
}

/// Without metrics only those that have values all the same.
function showFigures(families) {
    for (const figure of FIGURES) {
        const own = figure.lines.map((name) => lines.get(name));
        const item = element(figure.id);
        item.hidden = !families && own.flat().every((value) => value === undefined);
        const top = draw(item.querySelector('svg'), own, POINTS, figure.most);
        item.querySelector('output').textContent = own.map((line) => line.at(-1))
            .map((value) => (value === undefined ? '–' : figure.unit(value))).join(' · ');
        item.querySelector('.top').textContent = `top: ${figure.unit(top)}`;
    }
}

function addFigure({ id, name }) {
    const item = element('figure').content.firstElementChild.cloneNode(true);
    item.id = id;
    item.querySelector('.name').textContent = name;
    item.querySelector('svg').setAttribute('aria-label', name);
    element('figures').append(item);
}

async function refresh() {
    if (!document.hidden) {
        const [health, metrics] = await Promise.all([askHealth(), askMetrics()]);
        addPoints(health, metrics.families);
        showParts(health, metrics.families);
        showFigures(metrics.families);
        element('notice').hidden = metrics.families !== undefined;
        element('notice').textContent = metrics.problem ?? '';
        element('time').textContent = new Date().toLocaleTimeString();
    }
    setTimeout(refresh, PAUSE);
}

async function showVersion() {
    const answer = await ask('openapi.json');
    if (answer?.isJson) element('version').textContent = JSON.parse(answer.text).info.version;
}

FIGURES.forEach(addFigure);
showVersion();
refresh();
