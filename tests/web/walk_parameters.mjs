// Paths and queries on both sides of their rules, and methods that a path does not have.
import { randomUUID } from 'node:crypto';

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

export async function checkQueryParameters(walker, operation) {
    for (const { name, schema } of operation.parameters.filter((one) => one.in === 'query')) {
        const bounds = [schema.minimum, schema.maximum].filter((bound) => bound !== undefined);
        const values = bounds.flatMap((bound) => [bound - 1, bound, bound + 1]);
        for (const value of [...values, 'abc', 'B%C3%A9a', '1.5', '-1']) {
            const meant = schema.type === 'integer' ? Number(value) : value;
            const fits = walker.description.misfitsOfRequest(schema, meant).length === 0;
            await walker.expect(fits ? successes(operation) : 422, operation,
                { parameters: { [name]: value } });
        }
        if (operation.responses[422]) {
            await walker.expect(422, operation, { parameters: { [name]: '%C3' } });
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
