// Paths and queries on both sides of their rules, and methods that a path does not have.
import { randomUUID } from 'node:crypto';

import { isOfImport } from './walk_import.mjs';
import { successes } from './walker.mjs';

/// An id that has the right form and that no record has.
export function unknownId(schema) {
    return schema.format === 'uuid' ? randomUUID() : '9223372036854775807';
}

export async function checkPathParameters(walker, operation) {
    const { name, schema } = operation.parameters.find((one) => one.in === 'path') ?? {};
    if (!name) return;
    const refusals = [404, 400].filter((status) => operation.responses[status]);
    await walker.expect(refusals[0] ?? successes(operation), operation,
        { parameters: { [name]: '%FF' } });
    if (!operation.responses[404]) return;
    for (const id of ['abc', '-1', '+1', '01', '1.0', '9223372036854775808', `${randomUUID()}0`]) {
        await walker.expect(404, operation, { parameters: { [name]: id } });
    }
    const found = operation.method === 'OPTIONS' ? successes(operation) : 404;
    await walker.expect(found, operation, { parameters: { [name]: unknownId(schema) } });
}

/// A value as a query has it, in the type of its schema.
function valueOf(schema, text) {
    if (schema.type === 'boolean') return { true: true, false: false }[text] ?? text;
    const isNumber = ['integer', 'number'].includes(schema.type) && !Number.isNaN(Number(text));
    return isNumber ? Number(text) : decodeURIComponent(text);
}

export async function checkQueryParameters(walker, operation) {
    const own = operation.parameters.filter(
        (one) => one.in === 'query' && !isOfImport(operation, one));
    for (const { name, schema: whole } of own) {
        const schema = whole.items ?? whole;
        const bounds = [schema.minimum, schema.maximum].filter((bound) => bound !== undefined);
        const values = bounds.flatMap((bound) => [bound - 1, bound, bound + 1]);
        for (const value of [...values, ...(schema.enum ?? []), 'abc', 'B%C3%A9a', '1.5', '-1',
                             'true']) {
            const meant = valueOf(schema, value);
            const fits = walker.description.misfitsOfRequest(schema, meant).length === 0;
            await walker.expect(fits ? successes(operation) : 422, operation,
                { parameters: { [name]: value } });
        }
        if (operation.responses[422]) {
            await walker.expect(422, operation, { parameters: { [name]: '%C3' } });
        }
    }
}

/// What is refused whatever the operation is. Each must be listed, for `default` is no answer that a
/// client could count on.
export async function checkCommonRefusals(walker, operation) {
    await walker.withRecord(operation, async (parameters) => {
        await checkOrigins(walker, operation, parameters);
        await checkUnknownParameters(walker, operation, parameters);
        const named = { parameters, headers: { Host: 'elsewhere.example' } };
        await walker.expect(421, operation, named);
        await walker.expect(413, operation, { parameters, body: 'x'.repeat(2 ** 20 + 1) });
    });
}

/// A page of another origin may read, and change nothing.
async function checkOrigins(walker, operation, parameters) {
    const isRead = ['GET', 'HEAD', 'OPTIONS'].includes(operation.method);
    for (const headers of [{ Origin: 'https://elsewhere.example' }, { Origin: 'null' },
                           { 'Sec-Fetch-Site': 'cross-site' }]) {
        await walker.expect(isRead ? successes(operation) : 403, operation,
            { parameters, headers });
    }
    // What a proxy passes on may come from anywhere (METRICS_ALLOW).
    if (isRead && operation.responses[403]) {
        await walker.expect(403, operation, { parameters, headers: { Via: '1.1 proxy' } });
    }
}

/// OPTIONS does not look at the query.
async function checkUnknownParameters(walker, operation, parameters) {
    const status = operation.method === 'OPTIONS' ? successes(operation) : 422;
    const queries = ['unknown=1', 'unknown', 'unknown=1&unknown=2'];
    // Of an array each element is a parameter.
    const single = operation.parameters.filter(
        (one) => one.in === 'query' && one.schema.type !== 'array');
    for (const { name, example } of single) {
        queries.push(`${name}=${example ?? 'x'}&${name}=${example ?? 'x'}`);
    }
    for (const query of queries) {
        const answer = await walker.expect(status, operation, { parameters, query });
        if (answer.status !== 422 || operation.method === 'HEAD') continue;
        const names = JSON.parse(answer.body).errors.map(({ parameter }) => parameter);
        if (names.length !== 1 || names[0] !== query.split('=')[0]) {
            walker.complain(answer.request, answer, `names ${names} instead of ${query}`);
        }
    }
}

/// An error that nginx finds itself, which is none of those that the operation names.
export async function checkOtherErrors(walker, operation) {
    const { responses, path } = operation;
    await walker.expect(414, { ...operation, responses: { 414: responses.default } },
        { path: `${path}?${'x'.repeat(40000)}` });
}

/// OPTIONS names the methods that the document has, and every other one is refused with 405.
export async function checkMethods(walker, options) {
    const known = walker.description.onPath(options.path);
    const { headers } = await walker.expect(204, options);
    if (headers.allow !== Object.keys(known).join(', ')) {
        walker.faults.push(`${options.path}: Allow is ${headers.allow}`);
    }
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        if (known[method]) continue;
        const refused = await walker.expect(405, options, { method });
        if (refused.headers.allow !== headers.allow) {
            walker.complain(refused.request, refused, `Allow is ${refused.headers.allow}`);
        }
    }
}
