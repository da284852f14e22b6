// Requests exactly as they are written: nothing is normalized, and no header is added but those
// that HTTP needs.
import http from 'node:http';

const agent = new http.Agent({ keepAlive: true });

/// Sends {method, path, headers, body}; gives {status, headers, body}, with the body as text.
export function send(base, { method, path, headers = {}, body }) {
    const { hostname, port } = new URL(base);
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
        const request = http.request(
            { agent, hostname, port, method, path, headers: { ...headers, ...length } },
            (answer) => {
                const parts = [];
                answer.on('data', (part) => parts.push(part));
                answer.on('error', reject);
                answer.on('end', () => resolve({
                    status: answer.statusCode,
                    headers: answer.headers,
                    body: Buffer.concat(parts).toString(),
                }));
            });
        request.on('error', reject);
        request.end(body);
    });
}
