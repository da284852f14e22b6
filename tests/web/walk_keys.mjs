// Idempotency-Key, wherever the document has it.
import { randomUUID } from 'node:crypto';

import { remove } from './walk_bodies.mjs';
import { successes } from './walker.mjs';

const MALFORMED = ['', '"open', '"a"b', 'a, b', 'x'.repeat(256)];
const MOST_ROUNDS = 500;

const newKey = () => ({ 'Idempotency-Key': `"${randomUUID()}"` });

export async function checkKeys(walker, operation) {
    if (!operation.parameters.some(({ name }) => name === 'Idempotency-Key')) return;
    await walker.withRecord(operation, async (parameters) => {
        for (const key of MALFORMED) {
            await walker.expect(400, operation, { parameters, headers: { 'Idempotency-Key': key } });
        }
        const headers = newKey();
        const first = await walker.expect(successes(operation), operation, { parameters, headers });
        const again = await walker.expect(first.status, operation, { parameters, headers });
        if (again.body !== first.body || again.headers['idempotent-replayed'] !== 'true') {
            walker.complain(again.request, again, 'is not the answer of before');
        }
        const other = { ...headers, 'If-Match': '*' };
        await walker.expect(422, operation, { parameters, headers: other });
        await remove(walker, operation, first);
    });
    if (operation.responses[409]) await meet(walker, operation);
}

/// Sends the same write many times at once until one of them meets another.
async function meet(walker, operation) {
    const statuses = [...successes(operation), 409];
    for (let round = 0, isMet = false; !isMet; ++round) {
        if (round === MOST_ROUNDS) return walker.faults.push(`${operation.operationId}: never 409`);
        await walker.withRecord(operation, async (parameters) => {
            const headers = newKey();
            const answers = await Promise.all(Array.from({ length: 8 }, () =>
                walker.expect(statuses, operation, { parameters, headers })));
            isMet = answers.some(({ status }) => status === 409);
            await remove(walker, operation, answers.find(({ status }) => status !== 409));
        });
    }
}
