// The figures of the page: what they are called, how they come from metrics, how they are written.
import { increase, quantiles } from './metrics.js';

// What the page itself asks for all the time.
const OWN_ROUTES = ['/health', '/metrics'];

/// Each figure gives one line of a plot, or several.
export const FIGURES = [
    { id: 'requests', name: 'Requests per second', lines: ['requests'], unit: rate },
    { id: 'errors', name: 'Errors per second (5xx)', lines: ['errors'], unit: rate },
    { id: 'records', name: 'Records from the cache', lines: ['recordHits'], unit: share, most: 1 },
    { id: 'lists', name: 'Lists from the cache', lines: ['listHits'], unit: share, most: 1 },
    {
        id: 'latency',
        name: 'Time in a worker: p50, p95, p99',
        lines: ['p50', 'p95', 'p99'],
        unit: time,
    },
    { id: 'lag', name: 'Lag of the feed', lines: ['lag'], unit: time },
];

/// The values of the lines over the time between two texts of metrics, `seconds` apart. A value is
/// undefined where there was nothing to measure. The lag comes from /health.
export function measure(before, after, seconds) {
    const requests = (takes) => increase(before, after, 'larder_http_requests_total',
        (labels) => !OWN_ROUTES.includes(labels.route) && takes(labels)) / seconds;
    const [p50, p95, p99] = quantiles(
        before, after, 'larder_http_request_duration_seconds_bucket', [0.5, 0.95, 0.99]);
    return {
        requests: requests(() => true),
        errors: requests(({ status }) => status.startsWith('5')),
        recordHits: hitRatio(before, after, 'larder_cache_reads_total'),
        listHits: hitRatio(before, after, 'larder_list_requests_total'),
        p50,
        p95,
        p99,
    };
}

function hitRatio(before, after, name) {
    const all = increase(before, after, name);
    if (all === 0) return undefined;
    return increase(before, after, name, ({ result }) => result === 'hit') / all;
}

export function rate(value) {
    return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}

export function share(value) {
    return `${(100 * value).toFixed(value < 1 ? 1 : 0)} %`;
}

/// `value` is in seconds.
export function time(value) {
    if (value >= 1) return `${value.toFixed(2)} s`;
    const milliseconds = 1000 * value;
    const digits = [1, 10].filter((bound) => milliseconds < bound).length;
    return `${milliseconds.toFixed(digits)} ms`;
}
