// Sends the requests of a document's operations and keeps what is wrong with the answers.
import { faultsOf } from './answers.mjs';
import { send } from './http.mjs';

export class Walker {
    #base;
    #seen = new Set();
    faults = [];
    requests = 0;

    constructor(base, description) {
        this.#base = base;
        this.description = description;
    }

    /// Sends the request that an operation's own examples make, with some parts of it replaced. Its
    /// answer must be as the document says, and have one of these statuses.
    async expect(statuses, operation, changes = {}) {
        const request = requestOf(operation, changes);
        const answer = await send(this.#base, request);
        this.requests += 1;
        this.#seen.add(`${operation.operationId} ${answer.status}`);
        for (const fault of faultsOf(this.description, operation, answer)) {
            this.complain(request, answer, fault);
        }
        if (![statuses].flat().includes(answer.status)) {
            this.complain(request, answer, `expected ${statuses}`);
        }
        return { ...answer, request };
    }

    complain({ method, path, headers, body }, answer, fault) {
        const sent = `${JSON.stringify(headers)} ${String(body ?? '').slice(0, 200)}`;
        this.faults.push(`${fault}\n    ${method} ${path} ${sent}\n`
            + `    ${answer.status} ${answer.body.slice(0, 300)}`);
    }

    /// Runs `use` with the id of a record that exists meanwhile, one for the path of this
    /// operation, or without one if the path has no record in it.
    async withRecord({ path }, use) {
        const siblings = this.description.onPath(path);
        const creator = this.description.operations().find(({ responses }) =>
            Object.values(responses[201]?.links ?? {})
                .some((link) => link.operationId === siblings.GET?.operationId));
        if (!creator) return use();
        const created = await this.expect(201, creator);
        const parameters = followed(creator.responses[201].links.read, JSON.parse(created.body));
        const result = await use(parameters);
        await this.expect([...successes(siblings.DELETE), 404], siblings.DELETE, { parameters });
        return result;
    }

    /// What the document tells of and no answer was, as `operation status`.
    unseen(isExpected) {
        return this.description.operations().flatMap(({ operationId, responses }) =>
            Object.keys(responses).filter(isExpected).map((status) => `${operationId} ${status}`))
            .filter((answer) => !this.#seen.has(answer));
    }
}

/// The statuses with which an operation succeeds.
export function successes(operation) {
    return Object.keys(operation.responses).filter((status) => status < 300).map(Number);
}

/// The examples of an operation as a request. `parameters` and `headers` replace single values,
/// other members the whole; a parameter without an example is left out.
function requestOf(operation, { parameters = {}, headers = {}, query: sent, ...changes }) {
    let { path } = operation;
    const query = sent === undefined ? [] : [sent];
    for (const { name, in: place, example } of operation.parameters) {
        const value = parameters[name] ?? example;
        if (place === 'path') path = path.replace(`{${name}}`, value);
        if (place !== 'query' || value === undefined || sent !== undefined) continue;
        query.push(`${name}=${value}`);
    }
    const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
    return {
        method: operation.method,
        path: query.length > 0 ? `${path}?${query.join('&')}` : path,
        headers: { ...(type && { 'Content-Type': type }), ...headers },
        body: media && JSON.stringify(media.example),
        ...changes,
    };
}

/// The parameters that a Link Object takes from the body of an answer (`$response.body#/name`).
function followed(link, body) {
    return Object.fromEntries(Object.entries(link.parameters).map(([name, expression]) =>
        [name, body[expression.replace('$response.body#/', '')]]));
}
