// A headless Chromium that can reach the one server only.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PROGRAMS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/// One that can reach this host only.
export function launch(host) {
    return chromium.launch({
        executablePath: PROGRAMS.find(existsSync),
        args: [`--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${host}`],
    });
}

export class Browser {
    #browser;
    #base;
    #screenshots;
    faults = [];

    static async start(base, screenshots) {
        const browser = new Browser();
        browser.#base = base;
        browser.#screenshots = screenshots;
        browser.#browser = await launch(new URL(base).hostname);
        return browser;
    }

    /// Opens a path in a new window and runs `check` with the page, which must report no error and
    /// ask nobody else for anything. `answers` replaces what the server says to some paths, which may
    /// be no; the server may say no to the `refusable` ones. A screenshot is kept under the name.
    async visit(name, path, check, { answers = {}, refusable = [], ...options } = {}) {
        const context = await this.#browser.newContext({ baseURL: this.#base, ...options });
        const page = await context.newPage();
        page.setDefaultTimeout(60000);
        this.#watch(name, page, [...Object.keys(answers), ...refusable]);
        for (const [asked, answer] of Object.entries(answers)) {
            await page.route(asked, (route) => route.fulfill(answer()));
        }
        try {
            await page.goto(path);
            await check(page);
        } catch (error) {
            this.faults.push(`${name}: ${error.message}`);
        }
        await page.screenshot({ path: `${this.#screenshots}/${name}.png`, fullPage: true });
        await context.close();
    }

    #watch(name, page, refusable) {
        page.on('pageerror', (error) => this.faults.push(`${name}: ${error.stack}`));
        page.on('console', (message) => {
            const { pathname } = new URL(message.location().url || this.#base);
            const isOfRefusal = refusable.includes(pathname)
                && message.text().startsWith('Failed to load');
            if (['error', 'warning'].includes(message.type()) && !isOfRefusal) {
                this.faults.push(`${name}: console: ${message.text()} (${pathname})`);
            }
        });
        page.on('request', (request) => {
            const { origin, protocol } = new URL(request.url());
            if (protocol !== 'data:' && origin !== this.#base) {
                this.faults.push(`${name}: asks ${request.url()}`);
            }
        });
    }

    async stop() {
        await this.#browser.close();
    }
}
