// The REST API's own page: Swagger UI over this service's OpenAPI document, and nothing from elsewhere.
"use strict";

const chosen = document.documentElement.dataset.theme;
const dark = chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.classList.toggle("dark-mode", dark);

// A session changes nothing through the API: who wants to try more than to read gives a token under Authorize.
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger", deepLinking: true, docExpansion: "none", filter: true, validatorUrl: null });
