"""Text in the language of the visit: catalogues, which of them a visitor wants, numerals, caches."""
