// Compares answers with what the document says of them.

/// What is wrong with an answer to an operation: a list of sentences.
export function faultsOf(description, operation, answer) {
    const documented = operation.responses[answer.status];
    if (!documented) return [`status ${answer.status} is not documented`];
    return [...faultsOfHeaders(description, documented, answer),
            ...faultsOfBody(description, operation, documented, answer)];
}

function faultsOfHeaders(description, documented, answer) {
    return Object.entries(documented.headers ?? {}).flatMap(([name, reference]) => {
        const header = description.resolve(reference);
        const text = answer.headers[name.toLowerCase()];
        if (text === undefined) return header.required ? [`there is no header ${name}`] : [];
        const value = header.schema.type === 'integer' ? Number(text) : text;
        return described(`header ${name}`, description.misfitsOfAnswer(header.schema, value));
    });
}

function faultsOfBody(description, operation, documented, answer) {
    if (!documented.content) return answer.body ? ['there is a body'] : [];
    const type = (answer.headers['content-type'] ?? '').split(';')[0];
    const media = documented.content[type];
    if (!media) return [`content type ${type} is not documented`];
    if (operation.method === 'HEAD') return answer.body ? ['there is a body'] : [];
    let value = answer.body;
    if (/[/+]json$/.test(type)) {
        try {
            value = JSON.parse(answer.body);
        } catch (error) {
            return [`body: ${error.message}`];
        }
    }
    const faults = described('body', description.misfitsOfAnswer(media.schema, value));
    if (type === 'application/problem+json' && value.status !== answer.status) {
        faults.push(`the problem says ${value.status}`);
    }
    return faults;
}

function described(what, misfits) {
    return misfits.map(({ instancePath, message }) => `${what}${instancePath} ${message}`);
}
