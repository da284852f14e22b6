// Bodies around the rules of a schema: some follow them, some break them. Which ones is for the
// schema to say.

const PLAIN = [null, true, 0, 1.5, 'text', [], {}, ['text'], { text: 'text' }];

/// Values on both sides of every bound of a schema, and one of each type.
function valuesAround(schema) {
    const { minLength, maxLength } = schema;
    const lengths = [minLength - 1, minLength, maxLength, maxLength + 1].filter((one) => one >= 0);
    const texts = ['x', 'é', '\u{1F600}'].flatMap((letter) =>
        lengths.map((length) => letter.repeat(length)));
    const bounds = [schema.minimum, schema.maximum, schema.exclusiveMaximum]
        .filter((bound) => bound !== undefined)
        .flatMap((bound) => [bound - 1, bound - 0.25, bound, bound + 0.25, bound + 1]);
    return [...PLAIN, ...texts, ...bounds, 'a b', 'a/b', 'A-z_0.9', 'line\nbreak', '"\\'];
}

/// Bodies that differ from `valid` in one place, and a few that differ in all.
export function bodiesAround(schema, valid) {
    const properties = Object.entries(schema.properties ?? {});
    const changed = properties.flatMap(([name, rules]) =>
        valuesAround(rules).map((value) => ({ ...valid, [name]: value })));
    const without = Object.keys(valid).map((name) => {
        const { [name]: _, ...rest } = valid;
        return rest;
    });
    const others = [null, {}, [], 'text'].map((value) => ({ ...valid, unknown: value }));
    const allWrong = Object.fromEntries([...properties.map(([name]) => [name, [[]]]), ['more', 1]]);
    return [valid, {}, ...changed, ...without, ...others, allWrong, ...PLAIN];
}

/// Arrays on both sides of the bounds of a schema, and some with elements that break its rules.
export function arraysAround({ minItems, maxItems }, valid) {
    const lengths = [minItems, minItems + 1, maxItems + 1];
    const [name] = Object.keys(valid);
    const wrong = { ...valid, [name]: [[]] };
    return [...lengths.map((length) => Array(length).fill(valid)), [valid, wrong], [wrong, valid, {}],
        ...PLAIN.filter((one) => !Array.isArray(one)).map((one) => [valid, one]), [[valid]]];
}

/// Texts that no JSON parser takes, or that this server must refuse.
export const BROKEN = [
    '', ' ', '{', '{"a":1', '{"a":1,}', '{"a":01}', '{a:1}', "{'a':1}", '{"a":1}{"a":1}', 'nul',
    '{"a":1,"a":2}', '{"a":"\\u0000"}', '{"a":"\\ud800"}', `${'['.repeat(33)}${']'.repeat(33)}`,
    Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
];

/// The JSON pointers of the members that errors of Ajv are about.
export function pointersOf(misfits) {
    return new Set(misfits.map(({ instancePath, params }) => {
        const member = params.missingProperty ?? params.additionalProperty;
        return member === undefined ? instancePath : `${instancePath}/${member}`;
    }));
}
