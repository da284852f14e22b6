// The sums of the status page.
import assert from 'node:assert/strict';
import test from 'node:test';

import { measure, rate, share, time } from '../../www/status/figures.js';
import { gauge, increase, parse, quantiles } from '../../www/status/metrics.js';
import { partsOf, summary } from '../../www/status/parts.js';

const HEALTHY = {
    body: {
        status: 'healthy', database: 'connected', redis: 'connected', feed: 'connected',
        feed_lag_ms: 1.25,
    },
};

function words(health, metrics) {
    return Object.fromEntries(partsOf(health, metrics && parse(metrics)).map(
        ({ name, isGood, text }) => [name, `${isGood ? '+' : '-'} ${text}`]));
}

test('the text format is read with labels, escapes, comments and time stamps', () => {
    const families = parse(
        '# TYPE a counter\na{x="1",y="q\\"uo{t}e"} 2 1700000000\na 3\n\nb +Inf\nc 1e3\n');
    assert.deepEqual(families.get('a').map(({ labels, value }) => [labels, value]),
                     [[{ x: '1', y: 'q\\"uo{t}e' }, 2], [{}, 3]]);
    assert.equal(gauge(families, 'b'), Infinity);
    assert.equal(gauge(families, 'c'), 1000);
    assert.equal(gauge(families, 'd'), undefined);
    assert.equal(gauge(undefined, 'a'), undefined);
});

test('an increase is over all series, new ones and ones that began anew included', () => {
    const before = parse('n{a="1"} 10\nn{a="2"} 50\n');
    const after = parse('n{a="1"} 15\nn{a="2"} 4\nn{a="3"} 7\n');
    assert.equal(increase(before, after, 'n'), 5 + 4 + 7);
    assert.equal(increase(before, after, 'n', ({ a }) => a === '1'), 5);
    assert.equal(increase(before, after, 'missing'), 0);
});

test('quantiles are those of the time between two texts', () => {
    const text = (fast, slow, all) => parse(
        `h_bucket{le="0.1"} ${fast}\nh_bucket{le="0.2"} ${slow}\nh_bucket{le="+Inf"} ${all}\n`);
    const of = (before, after) => quantiles(before, after, 'h_bucket', [0.25, 0.75, 1]);
    const near = (found, wanted) => found.forEach(
        (value, index) => assert.ok(Math.abs(value - wanted[index]) < 1e-9, `${found}`));
    near(of(text(100, 100, 100), text(150, 200, 200)), [0.05, 0.15, 0.2]);
    near(of(text(0, 0, 0), text(0, 0, 10)), [0.2, 0.2, 0.2]);
    assert.deepEqual(of(text(5, 5, 5), text(5, 5, 5)), [undefined, undefined, undefined]);
    assert.deepEqual(of(parse(''), parse('')), [undefined, undefined, undefined]);
});

test('figures are per second, without what the page asks for itself', () => {
    const text = (factor) => parse(`
        larder_http_requests_total{route="/items",method="GET",status="200"} ${100 * factor}
        larder_http_requests_total{route="/items",method="POST",status="503"} ${10 * factor}
        larder_http_requests_total{route="/health",method="GET",status="200"} ${999 * factor}
        larder_cache_reads_total{resource="items",result="hit"} ${3 * factor}
        larder_cache_reads_total{resource="items",result="miss"} ${factor}
        larder_list_requests_total{result="bypass"} ${5 * factor}`.replaceAll('\n        ', '\n'));
    const now = measure(text(1), text(2), 10);
    assert.equal(now.requests, 11);
    assert.equal(now.errors, 1);
    assert.equal(now.recordHits, 0.75);
    assert.equal(now.listHits, 0);
    assert.equal(measure(text(1), text(1), 10).recordHits, undefined);
    assert.equal(now.p99, undefined);
});

test('figures are written with what they need of digits', () => {
    assert.deepEqual([0, 9.96, 12.4, 12345].map(rate), ['0.0', '10.0', '12', '12,345']);
    assert.deepEqual([0, 0.5, 1].map(share), ['0.0 %', '50.0 %', '100 %']);
    assert.deepEqual([0.00042, 0.0042, 0.042, 4.2].map(time),
                     ['0.42 ms', '4.2 ms', '42 ms', '4.20 s']);
});

test('the parts are told by /health, and in more detail by the metrics', () => {
    assert.deepEqual(words(HEALTHY), {
        nginx: '+ answers', Workers: '+ answer', PostgreSQL: '+ connected', Redis: '+ connected',
        Feed: '+ 1.3 ms behind',
    });
    const trusted = words(HEALTHY, 'larder_workers 2\nlarder_redis_trusted 1\n');
    assert.equal(trusted.Workers, '+ 2 running');
    assert.equal(trusted.Redis, '+ connected, trusted');
    assert.equal(words(HEALTHY, 'larder_redis_trusted 0\n').Redis, '- connected, not trusted');
    assert.equal(summary(HEALTHY), 'healthy');
});

test('what is away is told apart', () => {
    const unhealthy = { body: { status: 'unhealthy', database: 'disconnected',
                                             redis: 'disconnected', feed: 'disconnected' } };
    assert.deepEqual(words(unhealthy), {
        nginx: '+ answers', Workers: '+ answer', PostgreSQL: '- disconnected',
        Redis: '- disconnected', Feed: '- disconnected',
    });
    assert.deepEqual(words({}), {
        nginx: '+ answers', Workers: '- do not answer', PostgreSQL: '- not known',
        Redis: '- not known', Feed: '- not known',
    });
    assert.equal(words(undefined).nginx, '- does not answer');
    assert.deepEqual([unhealthy, {}, undefined].map(summary),
                     ['unhealthy', 'unhealthy', 'no answer']);
});
