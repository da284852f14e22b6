// Rows that are imported, as each POST of a collection takes them.
const LINES = 'application/x-ndjson';

/// What becomes of the example as a row; nothing is left of it.
export async function checkImport(walker, operation) {
    const content = operation.requestBody?.content ?? {};
    if (!content[LINES]) return;
    const [{ example }] = Object.values(content);
    const headers = { 'Content-Type': LINES };
    const body = `${JSON.stringify(example)}\n{}x\n`;
    const answer = await walker.expect(200, operation, { headers, body, query: 'dry_run=true' });
    const { created, failed, errors } = JSON.parse(answer.body);
    if (created + failed !== 2 || errors.at(-1).line !== 2) {
        walker.complain(answer.request, answer, 'not what was sent');
    }
    await walker.expect(422, operation, { headers, body, query: 'dry_run=maybe' });
}
