"""Order forms: page by page, with choices from NetBox, and the plan on the last one. See docs/forms.md."""
