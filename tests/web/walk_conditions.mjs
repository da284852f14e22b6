// If-None-Match and If-Match, wherever the document has them.
import { successes } from './walker.mjs';

function takes(operation, header) {
    return operation.parameters.some(({ name }) => name === header);
}

export async function checkConditions(walker, operation) {
    const reading = walker.description.onPath(operation.path).GET;
    const present = async (parameters) =>
        (await walker.expect(200, reading, { parameters })).headers.etag ?? '';
    const isWrite = takes(operation, 'If-Match');
    if (takes(operation, 'If-None-Match') && !isWrite) {
        await walker.withRecord(operation, async (parameters) => {
            const tag = await present(parameters);
            for (const [value, status] of [[tag, 304], [`"other", ${tag}`, 304], ['*', 304],
                                           ['"other"', 200]]) {
                await walker.expect(status, operation,
                    { parameters, headers: { 'If-None-Match': value } });
            }
        });
    }
    if (!isWrite) return;
    await walker.withRecord(operation, async (parameters) => {
        const tag = await present(parameters);
        for (const value of [tag, '*', `"other", ${tag}`]) {
            await walker.expect(412, operation,
                { parameters, headers: { 'If-None-Match': value } });
        }
        for (const name of ['If-Match', 'If-None-Match']) {
            for (const value of ['', 'x', '"open']) {
                await walker.expect(400, operation, { parameters, headers: { [name]: value } });
            }
        }
        await walker.expect(successes(operation), operation,
            { parameters, headers: { 'If-None-Match': '"other"' } });
    });
    for (const pass of [(tag) => tag, () => '*', (tag) => `"other", ${tag}`]) {
        await walker.withRecord(operation, async (parameters) => {
            const refused = { 'If-Match': '"other"' };
            await walker.expect(412, operation, { parameters, headers: refused });
            const passing = { 'If-Match': pass(await present(parameters)) };
            await walker.expect(successes(operation), operation, { parameters, headers: passing });
        });
    }
}
