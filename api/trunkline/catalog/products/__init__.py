"""One file a product, each with a list `PRODUCTS`; a file that is put here is found, no list names it."""
