// Rows that are imported, as each POST of a collection takes them.
import { remove } from './walk_bodies.mjs';

const LINES = 'application/x-ndjson';

/// Whether a parameter of the query means something for an import only.
export function isOfImport(operation, { in: place }) {
    return place === 'query' && Boolean(operation.requestBody?.content[LINES]);
}

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
    for (const parameter of operation.parameters) {
        if (isOfImport(operation, parameter)) {
            await checkParameter(walker, operation, parameter, { headers, body });
        }
    }
}

/// The server must take what the schema takes, and nothing else. In JSON the default alone means
/// what such a body does.
async function checkParameter(walker, operation, { name, schema }, rows) {
    const values = schema.type === 'boolean' ? [true, false] : schema.enum;
    if (!values?.includes(schema.default)) {
        walker.faults.push(`${operation.operationId}: ${name} has no values with a default`);
    }
    const rest = (name === 'dry_run' ? '' : '&dry_run=true')
        + (name === 'key' ? '&on_conflict=skip' : '');
    for (const value of [...values, 'maybe', '', '%FF']) {
        const query = `${name}=${value}${rest}`;
        const writes = name === 'dry_run' && value === false;
        const isKnown = values.includes(value);
        if (!writes) await walker.expect(isKnown ? 200 : 422, operation, { ...rows, query });
        if (value === schema.default) continue;
        await walker.expect(422, operation, { query: `${name}=${value}` });
    }
    const made = await walker.expect(201, operation, { query: `${name}=${schema.default}` });
    await remove(walker, operation, made);
}
