'use strict';

if (window.SwaggerUIBundle) {
    window.SwaggerUIBundle({
        url: 'openapi.json',
        dom_id: '#viewer',
        deepLinking: true,
        // The badge of an online validator, which would be sent the description.
        validatorUrl: null,
    });
} else {
    document.getElementById('missing').hidden = false;
}
