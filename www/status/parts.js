// What runs, and how it is.
import { gauge } from './metrics.js';

/// Names, states and words of the parts. `health` is what /health has answered, with no `body` if it
/// was not a worker's; undefined: nothing answers. `metrics` may be missing.
export function partsOf(health, metrics) {
    const told = health?.body;
    return [
        part('nginx', health !== undefined, 'answers', 'does not answer'),
        part('Workers', told !== undefined, workers(metrics), 'do not answer'),
        part('PostgreSQL', told?.database === 'connected', 'connected', absent(told)),
        part('Redis', told?.redis === 'connected' && gauge(metrics, 'larder_redis_trusted') !== 0,
             trust(metrics), told?.redis === 'connected' ? 'connected, not trusted' : absent(told)),
        part('Feed', told?.feed === 'connected', lag(told), absent(told)),
    ];
}

/// The state of the whole in one word.
export function summary(health) {
    if (health === undefined) return 'no answer';
    return health.body?.status ?? 'unhealthy';
}

function part(name, isGood, good, bad) {
    return { name, isGood, text: isGood ? good : bad };
}

function absent(told) {
    return told === undefined ? 'not known' : 'disconnected';
}

function workers(metrics) {
    const count = gauge(metrics, 'larder_workers');
    return count === undefined ? 'answer' : `${count} running`;
}

function trust(metrics) {
    return gauge(metrics, 'larder_redis_trusted') === 1 ? 'connected, trusted' : 'connected';
}

function lag(told) {
    const behind = told?.feed_lag_ms;
    return behind === undefined ? 'connected' : `${behind.toFixed(1)} ms behind`;
}
