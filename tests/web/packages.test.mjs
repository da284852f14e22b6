// That packages are installed without npm as npm would: those of the lock file, and no others.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('packages.cmake', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'larder-packages-'));
after(() => rmSync(directory, { recursive: true }));

/// Makes the archive of a package as a registry has it; gives its checksum.
function publish(name, version, text) {
    const base = name.split('/').at(-1);
    const archive = join(directory, 'registry', name, '-', `${base}-${version}.tgz`);
    mkdirSync(join(directory, 'package'), { recursive: true });
    mkdirSync(dirname(archive), { recursive: true });
    writeFileSync(join(directory, 'package', 'index.js'), text);
    execFileSync('tar', ['-czf', archive, '-C', directory, 'package']);
    return `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
}

/// Installs what is given as [path, version, integrity].
function install(...packages) {
    const entries = packages.map(([path, version, integrity]) => [path, { version, integrity }]);
    const lock = join(directory, 'package-lock.json');
    writeFileSync(lock, JSON.stringify(
        { packages: { '': { name: 'root' }, ...Object.fromEntries(entries) } }));
    const settings = [`-DLOCK=${lock}`, `-DDIRECTORY=${directory}/installed`];
    const env = { ...process.env, npm_config_registry: `file://${directory}/registry/` };
    return spawnSync('cmake', [...settings, '-P', script], { env, encoding: 'utf8' });
}

function installed(path) {
    return readFileSync(join(directory, 'installed', path, 'index.js'), 'utf8');
}

test('packages lie where the lock file says, with and without a scope', () => {
    const plain = publish('plain', '1.0.0', 'plain');
    const scoped = publish('@some/scoped', '2.0.0', 'scoped');
    const { status, stderr } = install(['node_modules/plain', '1.0.0', plain],
        ['node_modules/plain/node_modules/@some/scoped', '2.0.0', scoped]);
    assert.equal(status, 0, stderr);
    assert.equal(installed('node_modules/plain'), 'plain');
    assert.equal(installed('node_modules/plain/node_modules/@some/scoped'), 'scoped');
});

test('a package is replaced by another version, and needs no registry while it is the same', () => {
    const first = publish('moving', '1.0.0', 'first');
    assert.equal(install(['node_modules/moving', '1.0.0', first]).status, 0);
    rmSync(join(directory, 'registry', 'moving'), { recursive: true });
    assert.equal(install(['node_modules/moving', '1.0.0', first]).status, 0);
    const second = publish('moving', '2.0.0', 'second');
    assert.equal(install(['node_modules/moving', '2.0.0', second]).status, 0);
    assert.equal(installed('node_modules/moving'), 'second');
});

test('an archive with another checksum is refused', () => {
    const expected = publish('forged', '1.0.0', 'expected');
    publish('forged', '1.0.0', 'other');
    const { status, stderr } = install(['node_modules/forged', '1.0.0', expected]);
    assert.notEqual(status, 0);
    assert.match(stderr, /forged-1\.0\.0\.tgz\s+does\s+not\s+have/);
    assert.throws(() => installed('node_modules/forged'));
});

test('an archive that is not to be had is told', () => {
    const { status, stderr } = install(['node_modules/absent', '1.0.0', 'sha512-AAAA']);
    assert.notEqual(status, 0);
    assert.match(stderr, /absent-1\.0\.0\.tgz\s+cannot\s+be\s+fetched:\s+curl/);
});
