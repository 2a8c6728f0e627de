"""One module a page: it gathers the data, and the same data is the page and its JSON twin."""
