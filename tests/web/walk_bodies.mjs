// Bodies of every kind for an operation that takes one.
import { isDeepStrictEqual } from 'node:util';

import { arraysAround, bodiesAround, BROKEN, pointersOf } from './bodies.mjs';
import { successes } from './walker.mjs';

const OTHER_TYPES = ['text/plain', 'application/json', 'application/merge-patch+json', ''];
// How the document says that a value is unique.
const UNIQUE = /No two \w+ may have the same/;
const TOO_LARGE = JSON.stringify({ text: 'x'.repeat(2 ** 21) });

export async function checkBodies(walker, operation) {
    const [[type, { schema, example }]] = Object.entries(operation.requestBody.content);
    const [one, several] = schema.oneOf ?? [schema];
    const rules = walker.description.resolve(one);
    const bodies = bodiesAround(rules, example);
    if (several) bodies.push(...arraysAround(several, example));
    for (const body of bodies) {
        await checkBody(walker, operation, several && Array.isArray(body) ? several : one, body);
    }
    await walker.withRecord(operation, async (parameters) => {
        for (const body of BROKEN) await walker.expect(400, operation, { parameters, body });
        for (const other of OTHER_TYPES.filter((one) => one !== type)) {
            const refused = await walker.expect(415, operation,
                { parameters, headers: { 'Content-Type': other } });
            checkTypes(walker, operation, refused);
        }
        for (const coding of ['gzip', 'br', 'identity, gzip', 'unknown']) {
            const refused = await walker.expect(415, operation,
                { parameters, headers: { 'Content-Type': type, 'Content-Encoding': coding } });
            if (refused.headers['accept-encoding'] !== 'identity') {
                walker.complain(refused.request, refused, 'no Accept-Encoding: identity');
            }
        }
        await walker.expect(413, operation, { parameters, body: TOO_LARGE });
        const headers = { 'Content-Type': `${type.toUpperCase()}; charset=utf-8` };
        await remove(walker, operation, await walker.expect(successes(operation), operation,
            { parameters, headers }));
    });
}

/// A POST that is refused names the content types that the document has.
function checkTypes(walker, { method, requestBody }, refused) {
    const types = Object.keys(requestBody.content).join(', ');
    const named = refused.headers['accept-post'];
    if (method === 'POST' && named !== types) {
        walker.complain(refused.request, refused, `Accept-Post is ${named} instead of ${types}`);
    }
}

/// The server must take what the schema takes, and name every member that it refuses.
async function checkBody(walker, operation, schema, value) {
    const misfits = walker.description.misfitsOfRequest(schema, value);
    await walker.withRecord(operation, async (parameters) => {
        const body = JSON.stringify(value);
        const fits = isValueTwice(walker, schema, value) ? 409 : successes(operation);
        const status = misfits.length > 0 ? 422 : fits;
        const answer = await walker.expect(status, operation, { parameters, body });
        if (answer.status === 422) {
            const { errors = [] } = JSON.parse(answer.body);
            const named = new Set(errors.map(({ pointer }) => pointer));
            if (!isDeepStrictEqual(named, pointersOf(misfits))) {
                walker.complain(answer.request, answer, `expected ${[...pointersOf(misfits)]}`);
            }
        } else if (answer.status !== 409 && operation.method !== 'PATCH') {
            const { properties = {} } = walker.description.resolve(schema.items ?? schema);
            const records = JSON.parse(answer.body);
            const pairs = Array.isArray(value) ? value.map((sent, at) => [sent, records[at]])
                : [[value, records]];
            for (const [sent, record] of pairs) {
                checkEcho(walker, answer, sent, record ?? {}, properties);
            }
        }
        await remove(walker, operation, answer);
    });
}

/// Whether an array has a value twice of which the document says that it is unique.
function isValueTwice(walker, schema, value) {
    if (!Array.isArray(value) || !schema.items) return false;
    const { properties = {} } = walker.description.resolve(schema.items);
    return Object.entries(properties).some(([name, { description }]) => {
        const sent = value.map((one) => one?.[name]).filter((one) => one != null);
        return UNIQUE.test(description) && new Set(sent).size < sent.length;
    });
}

/// What was sent is what the record has, but for what the schema says is ignored.
function checkEcho(walker, answer, sent, record, rules) {
    for (const [name, value] of Object.entries(sent)) {
        const isIgnored = name === 'id' || rules[name]?.readOnly;
        if (!isIgnored && !isDeepStrictEqual(record[name], value)) {
            walker.complain(answer.request, answer, `${name} is not what was sent`);
        }
    }
}

/// Deletes the records that a POST has made.
export async function remove(walker, operation, answer) {
    if (operation.method !== 'POST' || answer.status !== 201) return;
    const removal = linked(walker, operation, 'delete');
    for (const record of [JSON.parse(answer.body)].flat()) {
        await walker.expect(successes(removal), removal, { parameters: record });
    }
}

function linked(walker, creation, link) {
    const { operationId } = creation.responses[201].links[link];
    return walker.description.operations().find((one) => one.operationId === operationId);
}

/// Two records that agree in a value that only one may have.
export async function checkDuplicates(walker, creation) {
    if (creation.method !== 'POST' || !creation.requestBody) return;
    const [{ schema, example }] = Object.values(creation.requestBody.content);
    const { properties = {} } = walker.description.resolve(schema.oneOf?.[0] ?? schema);
    if (!Object.values(properties).some(({ description = '' }) => UNIQUE.test(description))) return;
    const [body, other] = [1, 2].map((number) =>
        JSON.stringify({ ...example, ...texts(properties, number) }));
    const first = await walker.expect(201, creation, { body });
    await walker.expect(409, creation, { body });
    await walker.expect(409, creation, { body: `[${other},${other}]` });
    await walker.expect(409, creation, { body: `[${other},${body}]` });
    const second = await walker.expect(201, creation, { body: other });
    for (const link of ['update', 'patch']) {
        await walker.expect(409, linked(walker, creation, link),
            { parameters: JSON.parse(second.body), body });
    }
    for (const answer of [first, second]) await remove(walker, creation, answer);
}

/// A valid text for every property that takes any, or a UUID; another one for another number.
function texts(properties, number) {
    return Object.fromEntries(Object.entries(properties)
        .filter(([, { minLength, format }]) => minLength !== undefined || format === 'uuid')
        .map(([name, { minLength, maxLength, format }]) =>
            [name, format === 'uuid' ? `${number}`.padStart(8, '0') + '-0000-4000-8000-000000000000'
                : `${number}-x`.padEnd(minLength, 'x').slice(0, maxLength)]));
}
