// Reads the text format of Prometheus and does the sums on it.

/// The samples of a text by family: a map from names to lists of {key, labels, value}.
export function parse(text) {
    const families = new Map();
    for (const line of text.split('\n')) {
        const found = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
        if (!found) continue;
        const [, name, list = '', value] = found;
        const pairs = [...list.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
        const labels = Object.fromEntries(pairs.map(([, label, quoted]) => [label, quoted]));
        if (!families.has(name)) families.set(name, []);
        families.get(name).push({ key: list, labels, value: number(value) });
    }
    return families;
}

/// The value of a gauge; undefined if there is none.
export function gauge(families, name) {
    return families?.get(name)?.[0]?.value;
}

/// By how much a counter has grown from one text to the next, over all its series that `takes`
/// accepts by their labels. A counter that began anew has grown by what it shows.
export function increase(before, after, name, takes = () => true) {
    const earlier = new Map((before.get(name) ?? []).map(({ key, value }) => [key, value]));
    return (after.get(name) ?? [])
        .filter(({ labels }) => takes(labels))
        .reduce((sum, { key, value }) => sum + growth(earlier.get(key) ?? 0, value), 0);
}

/// The quantiles of what a histogram has observed between two texts, each within the bucket that it
/// falls into taken as evenly spread; undefined if nothing was observed.
export function quantiles(before, after, name, wanted) {
    const buckets = new Map();
    const series = new Map((before.get(name) ?? []).map(({ key, value }) => [key, value]));
    for (const { key, labels, value } of after.get(name) ?? []) {
        const bound = number(labels.le);
        buckets.set(bound, (buckets.get(bound) ?? 0) + growth(series.get(key) ?? 0, value));
    }
    const sorted = [...buckets].sort(([left], [right]) => left - right);
    return wanted.map((quantile) => quantileOf(sorted, quantile));
}

function number(text) {
    return Number(text.replace('Inf', 'Infinity'));
}

function growth(before, after) {
    return after < before ? after : after - before;
}

/// `buckets`: pairs of upper bound and cumulative count, in order.
function quantileOf(buckets, quantile) {
    const total = buckets.at(-1)?.[1] ?? 0;
    if (total === 0) return undefined;
    const rank = quantile * total;
    const index = buckets.findIndex(([, count]) => count >= rank);
    const [upper, count] = buckets[index];
    const [lower, below] = index > 0 ? buckets[index - 1] : [0, 0];
    if (upper === Infinity) return lower;
    return lower + (upper - lower) * ((rank - below) / (count - below));
}
