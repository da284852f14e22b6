// walk.mjs URL [outage]: asks the server at URL all that its OpenAPI document describes: the
// examples as they stand, then valid and invalid requests made from the schemas. Every answer must
// have a status that the operation lists by itself (`default` does not count), and whatever it lists
// must come up. In an outage, that of the
// server's database, this is 503.
import { Description } from './description.mjs';
import { checkBodies, checkDuplicates } from './walk_bodies.mjs';
import { checkConditions } from './walk_conditions.mjs';
import { checkImport } from './walk_import.mjs';
import { checkKeys } from './walk_keys.mjs';
import { checkCommonRefusals, checkMethods, checkOtherErrors, checkPathParameters,
    checkQueryParameters, unknownId } from './walk_parameters.mjs';
import { successes, Walker } from './walker.mjs';

const [url, mode] = process.argv.slice(2);
const document = await (await fetch(`${url}/openapi.json`)).json();
const walker = new Walker(url, new Description(document));
const operations = walker.description.operations();

/// Creates first and deletes last, so that the record of the examples is there meanwhile.
async function walkExamples() {
    const turn = { POST: 0, DELETE: 2 };
    const inTurn = [...operations].sort(
        (left, right) => (turn[left.method] ?? 1) - (turn[right.method] ?? 1));
    for (const operation of inTurn) await walkForms(operation);
}

/// The example in every form that the answer may have.
async function walkForms(operation) {
    // Of POST, 200 is for imports.
    const status = successes(operation).at(-1);
    for (const form of Object.keys(operation.responses[status].content ?? { '*/*': {} })) {
        const answer = await walker.expect(status, operation, { headers: { Accept: form } });
        const type = answer.headers['content-type']?.split(';')[0] ?? '*/*';
        if (type !== form) walker.complain(answer.request, answer, `${type} instead of ${form}`);
    }
}

/// CSV of what has no columns, where there is nothing else that the client takes.
async function checkForms(operation) {
    if (!operation.responses[406]) return;
    await walker.expect(406, operation, { headers: { Accept: 'text/csv' } });
    await walker.expect(200, operation, { headers: { Accept: 'text/csv, */*;q=0.1' } });
}

async function walkEverything() {
    await walkExamples();
    for (const operation of operations) {
        if (operation.method === 'OPTIONS') await checkMethods(walker, operation);
        if (operation.requestBody) await checkBodies(walker, operation);
        await checkImport(walker, operation);
        await checkForms(operation);
        await checkPathParameters(walker, operation);
        await checkQueryParameters(walker, operation);
        await checkOtherErrors(walker, operation);
        await checkCommonRefusals(walker, operation);
        await checkConditions(walker, operation);
        await checkDuplicates(walker, operation);
        await checkKeys(walker, operation);
    }
    return walker.unseen((status) => status !== '503' && status !== 'default');
}

/// Asks for what no cache can have.
async function walkOutage() {
    for (const operation of operations) {
        const id = operation.parameters.find((one) => one.in === 'path' && one.name === 'id');
        const parameters = { limit: 7, ...(id && { id: unknownId(id.schema) }) };
        const status = operation.responses[503] ? 503 : successes(operation);
        await walker.expect(status, operation, { parameters });
    }
    return walker.unseen((status) => status === '503');
}

const unseen = await (mode === 'outage' ? walkOutage() : walkEverything());
for (const answer of unseen) walker.faults.push(`${answer} never came up`);
console.log(`${operations.length} operations, ${walker.requests} requests, `
    + `${walker.faults.length} faults`);
for (const fault of walker.faults.slice(0, 50)) console.log(fault);
process.exit(walker.faults.length === 0 && walker.requests >= operations.length ? 0 : 1);
