// cross_origin.mjs URL PORT OTHER: what pages of two other origins can do with the server at URL. It
// allows the page at PORT, and not the one at OTHER.
import assert from 'node:assert/strict';
import http from 'node:http';

import { launch } from './browser.mjs';

const [base, allowed, foreign] = process.argv.slice(2);
const browser = await launch(new URL(base).hostname);

/// Runs `program` with `base` in a page of the origin at this port.
async function inPage(port, program) {
    const server = http.createServer((_, answer) => {
        answer.setHeader('Content-Type', 'text/html');
        answer.end('<!doctype html><title>A page</title>');
    });
    await new Promise((resolve) => { server.listen(Number(port), '127.0.0.1', resolve); });
    const page = await browser.newPage();
    try {
        await page.goto(`http://127.0.0.1:${port}/`);
        return await page.evaluate(program, base);
    } finally {
        await page.close();
        server.closeAllConnections?.();
        server.close();
    }
}

/// All that a program of an allowed page needs.
async function useEverything(url) {
    const json = { 'Content-Type': 'application/json' };
    const done = {};
    const ask = async (name, path, options) => {
        const answer = await fetch(url + path, options);
        const body = await answer.text();
        const headers = Object.fromEntries(
            ['ETag', 'Link', 'Location', 'X-Cache', 'X-Total-Count', 'X-Request-Id', 'Retry-After']
                .map((header) => [header, answer.headers.get(header)]));
        done[name] = { status: answer.status, body, headers };
        return done[name];
    };
    const created = await ask('create', '/items', { method: 'POST', headers: json, body: '{"a": 1}' });
    await ask('create another', '/items', { method: 'POST', headers: json, body: '{"a": 2}' });
    const path = created.headers.Location;
    const tag = created.headers.ETag;
    await ask('read', path);
    await ask('read with a token', path, { headers: { Authorization: 'Bearer none' } });
    await ask('same', path, { headers: { 'If-None-Match': tag }, cache: 'no-store' });
    const changed = await ask('change', path,
        { method: 'PUT', headers: { ...json, 'If-Match': tag }, body: '{"b": 2}' });
    await ask('outdated', path, { method: 'PUT', headers: { ...json, 'If-Match': tag }, body: '{}' });
    await ask('patch', path, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/merge-patch+json', 'If-Match': changed.headers.ETag },
        body: '{"a": null}',
    });
    await ask('list', '/items');
    for (let tries = 0; tries < 500 && done.list.headers['X-Cache'] !== 'HIT'; tries += 1) {
        await ask('list', '/items');
    }
    await ask('page', '/items?limit=1&count=exact');
    await ask('reload', '/items', { headers: { 'Cache-Control': 'no-cache' } });
    await ask('traced', path, { headers: { Traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` } });
    await ask('missing', '/items/none');
    await ask('refused', '/items', { method: 'POST', headers: json, body: '[' });
    await ask('description', '/openapi.json');
    await ask('remove', path, { method: 'DELETE', headers: { 'Idempotency-Key': 'k' } });
    return done;
}

/// What a page may try that is not allowed.
async function tryEverything(url) {
    const done = {};
    const attempts = {
        read: ['/items'],
        write: ['/items', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }],
        'write as a form': ['/items', { method: 'POST', body: 'a=b' }],
        'write unseen': ['/cache/clear', { method: 'POST', mode: 'no-cors', body: '' }],
        remove: ['/items/none', { method: 'DELETE' }],
    };
    for (const [name, [path, options]] of Object.entries(attempts)) {
        done[name] = await fetch(url + path, options).then((answer) => answer.type, () => 'refused');
    }
    return done;
}

const done = await inPage(allowed, useEverything);
const statuses = Object.fromEntries(
    Object.entries(done).map(([name, { status }]) => [name, status]));
assert.deepEqual(statuses, {
    create: 201, 'create another': 201, read: 200, 'read with a token': 200, same: 304, change: 200,
    outdated: 412, patch: 200, list: 200, page: 200, reload: 200, traced: 200, missing: 404,
    refused: 400, description: 200, remove: 200,
});
assert.equal(done.list.headers['X-Cache'], 'HIT');
assert.match(done.page.headers.Link, /rel="next"/);
assert.match(done.page.headers['X-Total-Count'], /^\d+$/);
assert.match(done.create.headers['X-Request-Id'], /^[0-9a-f]{32}$/);
assert.match(done.missing.body, /"status":\s*404/);
assert.ok(JSON.parse(done.description.body).openapi);

assert.deepEqual(await inPage(foreign, tryEverything), {
    read: 'refused', write: 'refused', 'write as a form': 'refused', 'write unseen': 'opaque',
    remove: 'refused',
});
await browser.close();
