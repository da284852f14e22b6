// pages.mjs URL DIRECTORY [PATH]: looks at the pages of the server at URL, below PATH, as a person would,
// and keeps screenshots of them in DIRECTORY.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';

import { Browser } from './browser.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true };
const DARK = { colorScheme: 'dark' };

const [base, directory, below = ''] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
const browser = await Browser.start(base, directory);

async function text(page, selector) {
    return (await page.locator(selector).innerText()).trim();
}

async function background(page) {
    return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

async function startPage(page) {
    const links = await page.locator('a').evaluateAll((all) => all.map((link) => link.pathname));
    for (const path of ['/docs', '/redoc', '/openapi.json', '/status']) {
        assert.ok(links.includes(below + path), path);
    }
    for (const path of links) assert.equal((await page.request.get(path)).status(), 200);
    assert.notEqual(await background(page), 'rgba(0, 0, 0, 0)');
}

async function swaggerUi(page) {
    const operation = page.locator('#operations-Products-createProduct');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table');
    await answer.waitFor();
    assert.match(await answer.locator('.response-col_status').last().innerText(), /^201/);
    const product = JSON.parse(await answer.locator('.microlight, pre code').first().innerText());
    const read = await page.request.get(`${below}/products/${product.id}`);
    assert.equal(read.status(), 200);
    assert.deepEqual(await read.json(), product);
}

async function swaggerUiOnPhone(page) {
    await page.locator('#operations-Products-createProduct').waitFor();
}

async function redoc(page) {
    const { paths } = await (await page.request.get(`${below}/openapi.json`)).json();
    const summaries = Object.values(paths).flatMap(
        (item) => Object.values(item).map((operation) => operation.summary)).filter(Boolean);
    await page.locator('h2', { hasText: summaries[0] }).first().waitFor();
    const headings = await page.locator('h2').allInnerTexts();
    for (const summary of summaries) assert.ok(headings.includes(summary), summary);
    await page.getByPlaceholder('Search').fill('high-salary');
    const found = page.locator('[data-role="search:results"] li', { hasText: 'high-salary' });
    await found.first().waitFor();
}

/// The status page with what the server itself says, whoever it tells its metrics.
async function status(page) {
    await page.locator('#parts li').first().waitFor();
    assert.equal(await page.locator('#parts li.good').count(), 5);
    assert.equal(await text(page, '#summary'), 'healthy');
    assert.match(await text(page, '#version'), /^\d+\.\d+\.\d+$/);
    const answer = await page.request.get(`${below}/metrics`);
    assert.equal(await page.locator('#notice').isHidden(), answer.ok());
    if (answer.ok()) await page.locator('#requests output', { hasText: /\d/ }).waitFor();
}

/// Counters that grow with every request.
function metrics() {
    let asked = 0;
    return () => {
        asked += 1;
        const total = 100 * asked;
        return {
            contentType: 'text/plain',
            body: `larder_http_requests_total{route="/items",method="GET",status="200"} ${total}
larder_http_request_duration_seconds_bucket{le="0.001"} ${total / 2}
larder_http_request_duration_seconds_bucket{le="0.002"} ${total}
larder_http_request_duration_seconds_bucket{le="+Inf"} ${total}
larder_cache_reads_total{resource="items",result="hit"} ${total * 0.75}
larder_cache_reads_total{resource="items",result="miss"} ${total * 0.25}
larder_list_requests_total{result="hit"} ${total}
larder_redis_trusted 0
larder_workers 3
`,
        };
    };
}

async function statusWithMetrics(page) {
    await page.locator('#requests polyline').waitFor({ state: 'attached' });
    assert.match(await text(page, '#requests output'), /^\d/);
    assert.equal(await text(page, '#errors output'), '0.0');
    assert.equal(await text(page, '#records output'), '75.0 %');
    assert.equal(await text(page, '#lists output'), '100 %');
    assert.equal(await text(page, '#latency output'), '1.0 ms · 1.9 ms · 2.0 ms');
    assert.equal(await page.locator('#latency polyline').count(), 3);
    assert.match(await text(page, '#parts'), /3 running[^]*connected, not trusted/);
    assert.ok(await page.locator('#notice').isHidden());
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
}

async function statusRefused(page) {
    await page.locator('#notice', { hasText: /\S/ }).waitFor();
    assert.match(await text(page, '#notice'), /403/);
    assert.ok(await page.locator('#requests').isHidden());
    assert.equal(await text(page, '#summary'), 'healthy');
}

async function statusWithoutDatabase(page) {
    await page.locator('#parts .bad').first().waitFor();
    assert.equal(await text(page, '#summary'), 'unhealthy');
    assert.match(await text(page, '#parts .bad'), /PostgreSQL\s+disconnected/);
}

const unhealthy = () => ({ status: 503, json: {
    status: 'unhealthy', api: 'operational', database: 'disconnected', redis: 'connected',
    cache_fallback: 'enabled', feed: 'connected', feed_lag_ms: 0.5 } });
const refused = () => ({ status: 403, body: '' });

await browser.visit('start', `${below}/`, startPage);
await browser.visit('start-dark', `${below}/`, startPage, DARK);
await browser.visit('docs', `${below}/docs`, swaggerUi);
await browser.visit('docs-phone', `${below}/docs`, swaggerUiOnPhone, PHONE);
await browser.visit('redoc', `${below}/redoc`, redoc);
// A proxy in front may not read the metrics.
await browser.visit('status', `${below}/status`, status,
    { refusable: below ? [`${below}/metrics`] : [] });
for (const [name, options] of Object.entries({ light: {}, dark: DARK, phone: PHONE })) {
    await browser.visit(`status-${name}`, `${below}/status`, statusWithMetrics,
        { ...options, answers: { [`${below}/metrics`]: metrics() } });
}
await browser.visit('status-refused', `${below}/status`, statusRefused,
    { answers: { [`${below}/metrics`]: refused } });
await browser.visit('status-unhealthy', `${below}/status`, statusWithoutDatabase,
    { answers: { [`${below}/metrics`]: refused, [`${below}/health`]: unhealthy } });
await browser.stop();

for (const fault of browser.faults) console.log(fault);
process.exit(browser.faults.length === 0 ? 0 : 1);
