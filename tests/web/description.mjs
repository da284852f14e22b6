// An OpenAPI document as the tests need it: operations with their references followed, and schemas
// that can be asked whether a value fits.
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

export class Description {
    #document;
    #operations;
    #requests;
    #answers;

    constructor(document) {
        this.#document = document;
        this.#requests = schemaReader(document.components);
        // Clients must bear members that they do not know. A test should not: whatever the server
        // answers, the document has to have.
        this.#answers = schemaReader(closed(document.components));
        this.#operations = this.#readOperations();
    }

    /// Every operation: path, method, and the Operation Object with its parameters, those of the
    /// path included, and its responses.
    operations() {
        return this.#operations;
    }

    #readOperations() {
        return Object.entries(this.#document.paths).flatMap(([path, item]) =>
            METHODS.filter((method) => item[method]).map((method) => ({
                path,
                method: method.toUpperCase(),
                ...item[method],
                parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(
                    (parameter) => this.resolve(parameter)),
                responses: Object.fromEntries(Object.entries(item[method].responses).map(
                    ([status, response]) => [status, this.resolve(response)])),
            })));
    }

    /// The operations of a path by their methods.
    onPath(path) {
        return Object.fromEntries(this.#operations.filter((one) => one.path === path)
            .map((one) => [one.method, one]));
    }

    resolve(value) {
        if (!value?.$ref) return value;
        const names = value.$ref.slice('#/'.length).split('/');
        return this.resolve(names.reduce((at, name) => at[name], this.#document));
    }

    /// What is wrong with a value that a client sends, as errors of Ajv; empty: nothing.
    misfitsOfRequest(schema, value) {
        return this.#requests(schema, value);
    }

    /// The same for what the server answers.
    misfitsOfAnswer(schema, value) {
        return this.#answers(closed(schema), value);
    }
}

function schemaReader(components) {
    const ajv = new Ajv2020({ allErrors: true, strict: false });
    addFormats(ajv);
    ajv.addSchema({ $id: 'document', components: absolute(components) });
    const compiled = new Map();
    return (schema, value) => {
        const key = JSON.stringify(schema);
        if (!compiled.has(key)) compiled.set(key, ajv.compile(absolute(schema)));
        const validate = compiled.get(key);
        return validate(value) ? [] : validate.errors;
    };
}

/// References of the document, which a schema of its own would look for in itself.
function absolute(schema) {
    return mapped(schema, (object) => (object.$ref ? { $ref: `document${object.$ref}` } : object));
}

function closed(schema) {
    return mapped(schema, (object) =>
        (object.type === 'object' && object.properties && !('additionalProperties' in object)
            ? { ...object, additionalProperties: false }
            : object));
}

function mapped(value, change) {
    if (Array.isArray(value)) return value.map((element) => mapped(element, change));
    if (value === null || typeof value !== 'object') return value;
    return change(Object.fromEntries(
        Object.entries(value).map(([name, member]) => [name, mapped(member, change)])));
}
