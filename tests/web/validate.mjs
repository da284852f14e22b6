// validate.mjs FILE: the OpenAPI document in FILE must be valid, with every reference leading
// somewhere, and its examples must follow its schemas.
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';

import { Description } from './description.mjs';

const document = JSON.parse(readFileSync(process.argv[2]));
const faults = [];

const validator = new Validator();
const { valid, errors } = await validator.validate(structuredClone(document));
if (!valid) faults.push(JSON.stringify(errors, null, 2));
if (validator.version !== '3.1') faults.push(`version ${validator.version}`);

const description = new Description(document);
const ids = new Set();
for (const operation of description.operations()) {
    if (ids.has(operation.operationId)) faults.push(`${operation.operationId} appears twice`);
    ids.add(operation.operationId);
    checkPath(operation);
    checkExamples(operation.operationId, operation.requestBody?.content, 'misfitsOfRequest');
    for (const [status, response] of Object.entries(operation.responses)) {
        checkExamples(`${operation.operationId} ${status}`, response.content, 'misfitsOfAnswer');
        checkLinks(`${operation.operationId} ${status}`, response.links);
    }
}

function checkPath({ operationId, path, parameters }) {
    const inPath = [...path.matchAll(/\{(.*?)\}/g)].map(([, name]) => name);
    const described = parameters.filter((one) => one.in === 'path').map((one) => one.name);
    if (inPath.join() !== described.join()) faults.push(`${operationId}: parameters of the path`);
    for (const { name, schema, example } of parameters) {
        if (example === undefined) continue;
        report(`${operationId} ${name}`, 'misfitsOfRequest', schema, example);
    }
}

function checkExamples(where, content, misfits) {
    for (const { schema, example } of Object.values(content ?? {})) {
        if (example !== undefined) report(where, misfits, schema, example);
    }
}

function report(where, misfits, schema, example) {
    for (const { instancePath, message } of description[misfits](schema, example)) {
        faults.push(`${where}: example${instancePath} ${message}`);
    }
}

function checkLinks(where, links) {
    for (const { operationId } of Object.values(links ?? {})) {
        const leads = description.operations().some((one) => one.operationId === operationId);
        if (!leads) faults.push(`${where}: link to ${operationId}`);
    }
}

console.log(`${ids.size} operations, ${faults.length} faults`);
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 && ids.size > 0 ? 0 : 1;
