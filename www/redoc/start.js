'use strict';

if (window.Redoc) {
    const fonts = { fontFamily: 'system-ui, sans-serif', headings: { fontFamily: 'inherit' } };
    window.Redoc.init('openapi.json', { theme: { typography: fonts } },
                      document.getElementById('viewer'));
} else {
    document.getElementById('missing').hidden = false;
}
